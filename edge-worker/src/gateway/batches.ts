export type Batches<Q, A> = { ask(saleId: string, question: Q): Promise<A> };

export type BatchRules<Q, A> = {
  /** Answers in the order of the questions. */
  run(saleId: string, questions: Q[]): Promise<A[]>;
  /** How long the first question waits for others. */
  waitMs: number;
  /** A batch this large goes out at once. */
  sizeMax: number;
};

type Waiting<Q, A> = {
  question: Q;
  resolve(answer: A): void;
  reject(error: unknown): void;
};

/** Gathers questions about one sale that come within a few milliseconds into one command. */
export function batches<Q, A>(rules: BatchRules<Q, A>): Batches<Q, A> {
  const open = new Map<string, Waiting<Q, A>[]>();

  const send = async (saleId: string, batch: Waiting<Q, A>[]) => {
    if (open.get(saleId) === batch) open.delete(saleId);
    try {
      const answers = await rules.run(
        saleId,
        batch.map(({ question }) => question),
      );
      batch.forEach(({ resolve, reject }, i) => {
        const answer = answers[i];
        if (answer === undefined) reject(new Error('an answer is missing'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  return {
    ask: (saleId, question) =>
      new Promise((resolve, reject) => {
        const batch = open.get(saleId) ?? [];
        batch.push({ question, resolve, reject });
        if (batch.length === 1) {
          open.set(saleId, batch);
          setTimeout(() => open.get(saleId) === batch && void send(saleId, batch), rules.waitMs);
        }
        if (batch.length >= rules.sizeMax) void send(saleId, batch);
      }),
  };
}
