import { backoffMs, type Pauses, systemPauses } from '../client/pauses.ts';
import { FairgateProblem, FairgateUnreachable, isPassing } from '../client/problems.ts';
import { type Outcome, type ReportedAnswer, reportedAnswerSchema } from '../reported-outcomes.ts';

export type ReportedResult = ReportedAnswer['results'][number];

export type OutcomeReportsOptions = {
  /** Of Fairgate's control API. */
  controlUrl: string;
  /** An API key with the role `operator`. */
  apiKey: string;
  fetch?: typeof globalThis.fetch;
  /** How often one report is tried before it rejects; 7 takes about a minute. */
  triesMax?: number;
  timeoutSeconds?: number;
  /** For tests. */
  pauses?: Pauses;
};

/**
 * Tells Fairgate what became of tokens; a result for each, in their order, 50 at most. Tried again
 * while no answer comes, or for those that cannot be taken now; then it rejects (`FairgateProblem`,
 * `FairgateUnreachable`) or leaves those refused. Reports may be repeated at any time: what was
 * taken before gets the same result.
 */
export type ReportOutcomes = (saleId: string, outcomes: Outcome[]) => Promise<ReportedResult[]>;

export function outcomeReports(options: OutcomeReportsOptions): ReportOutcomes {
  const { triesMax = 7, pauses = systemPauses } = options;
  return async (saleId, outcomes) => {
    const results = new Map<Outcome, ReportedResult>();
    for (let tries = 1; ; tries += 1) {
      const open = outcomes.filter((one) => isOpen(results.get(one)));
      try {
        const answers = await reportOnce(options, saleId, open);
        for (const [i, one] of open.entries()) {
          const answer = answers[i];
          if (answer !== undefined) results.set(one, answer);
        }
        const isDone = !outcomes.some((one) => isOpen(results.get(one)));
        if (isDone || tries >= triesMax) {
          return outcomes.flatMap((one) => results.get(one) ?? []);
        }
        await pauses.pause(backoffMs(tries, null, pauses));
      } catch (error) {
        if (tries >= triesMax || !isPassing(error)) throw error;
        await pauses.pause(backoffMs(tries, error, pauses));
      }
    }
  };
}

/** Nobody has decided about it: Postgres is away, say, or another request has the same token. */
function isOpen(result: ReportedResult | undefined): boolean {
  if (result === undefined) return true;
  return result.result === 'refused' && result.problem.status >= 500;
}

async function reportOnce(
  { controlUrl, apiKey, fetch: ask = globalThis.fetch, timeoutSeconds = 70 }: OutcomeReportsOptions,
  saleId: string,
  outcomes: Outcome[],
): Promise<ReportedResult[]> {
  const url = `${controlUrl}/v1/sales/${encodeURIComponent(saleId)}/outcomes`;
  const answer = await ask(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ outcomes }),
    signal: AbortSignal.timeout(timeoutSeconds * 1_000),
  }).catch((cause: unknown) => {
    throw new FairgateUnreachable('the control API gave no answer', { cause });
  });
  const body: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new FairgateProblem(answer, { ...Object(body) });
  return reportedAnswerSchema.parse(body).results;
}
