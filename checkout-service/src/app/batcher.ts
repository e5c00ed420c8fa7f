import type { Timers } from './timers.ts';

/**
 * Group commit (ARCHITECTURE.md D5): submit -> wait for company or for a lane -> batch -> answers.
 * Batches form while the last ones are under way; nothing waits longer than its deadline.
 */
export type BatcherOptions<Req, Res> = {
  /** Answers every request of a batch, in order. Must not reject. */
  run(batch: readonly Req[]): Promise<Res[]>;
  /** Two requests that share a key are never under way at once. */
  keysOf(request: Req): readonly string[];
  weightOf(request: Req): number;
  sizeMax: number;
  weightMax: number;
  queueMax: number;
  lanes: number;
  lingerMs: number;
  waitMsMax: number;
  timers: Timers;
  /** Told of each request that a batch begins with: how long it waited. */
  waited?(ms: number): void;
};

export type Unanswered =
  /** The queue is full: refused before any work was done. */
  | { kind: 'overloaded' }
  /** It waited too long and was not begun. */
  | { kind: 'too-late' }
  /** Its client has gone, and it was not begun. */
  | { kind: 'gone' };

export type Submitted<Res> = { kind: 'answered'; value: Res } | Unanswered;

export type Batcher<Req, Res> = {
  submit(request: Req, signal?: AbortSignal): Promise<Submitted<Res>>;
  /** How many wait, and how many batches are under way. */
  depth(): { waiting: number; underWay: number };
};

type Waiting<Req, Res> = {
  request: Req;
  keys: readonly string[];
  weight: number;
  submittedAtMs: number;
  answer(reply: Submitted<Res>): void;
};

export function makeBatcher<Req, Res>(options: BatcherOptions<Req, Res>): Batcher<Req, Res> {
  const { timers } = options;
  const keysUnderWay = new Set<string>();
  let queue: Waiting<Req, Res>[] = [];
  let underWay = 0;
  let linger: { cancel(): void } | null = null;
  let watch: { cancel(): void } | null = null;

  function wake(): void {
    if (underWay >= options.lanes || queue.length === 0) return;
    if (queue.length >= options.sizeMax) start();
    else linger ??= timers.after(options.lingerMs, start);
  }

  function start(): void {
    linger?.cancel();
    linger = null;
    if (underWay >= options.lanes) return;
    const { batch, rest } = nextBatch(queue, keysUnderWay, options);
    queue = rest;
    if (batch.length === 0) return;
    underWay += 1;
    for (const one of batch) options.waited?.(timers.now() - one.submittedAtMs);
    for (const key of batch.flatMap((one) => one.keys)) keysUnderWay.add(key);
    void runBatch(batch);
    wake();
  }

  /** While every lane hangs no batch looks through the queue, so a timer does. */
  function watchAge(): void {
    const [oldest] = queue;
    if (watch || !oldest) return;
    const ageMs = timers.now() - oldest.submittedAtMs;
    watch = timers.after(Math.max(1, options.waitMsMax + 1 - ageMs), () => {
      watch = null;
      queue = queue.filter((one) => !isOver(one, timers.now(), options.waitMsMax));
      watchAge();
    });
  }

  /** Its client has gone: it takes the place of no other. One that has begun goes on. */
  function leave(one: Waiting<Req, Res>): void {
    if (!queue.includes(one)) return;
    queue = queue.filter((other) => other !== one);
    one.answer({ kind: 'gone' });
  }

  async function runBatch(batch: Waiting<Req, Res>[]): Promise<void> {
    try {
      const answers = await options.run(batch.map((one) => one.request));
      batch.forEach((one, i) => {
        const value = answers[i];
        one.answer(value === undefined ? { kind: 'too-late' } : { kind: 'answered', value });
      });
    } finally {
      underWay -= 1;
      for (const key of batch.flatMap((one) => one.keys)) keysUnderWay.delete(key);
      // No lingering here: what came while the batch was under way has waited enough.
      if (queue.length > 0) start();
    }
  }

  return {
    submit(request, signal) {
      if (queue.length >= options.queueMax) return Promise.resolve({ kind: 'overloaded' });
      if (signal?.aborted) return Promise.resolve({ kind: 'gone' });
      return new Promise((answer) => {
        const keys = options.keysOf(request);
        const weight = options.weightOf(request);
        const one = { request, keys, weight, submittedAtMs: timers.now(), answer };
        signal?.addEventListener('abort', () => leave(one), { once: true });
        queue.push(one);
        wake();
        watchAge();
      });
    },
    depth: () => ({ waiting: queue.length, underWay }),
  };
}

/** Whether a request has waited for too long; answered so. */
function isOver<Req, Res>(one: Waiting<Req, Res>, now: number, waitMsMax: number): boolean {
  if (now - one.submittedAtMs <= waitMsMax) return false;
  one.answer({ kind: 'too-late' });
  return true;
}

/** Takes from the front what fits, one of each key; what is too late is answered so. */
function nextBatch<Req, Res>(
  queue: readonly Waiting<Req, Res>[],
  keysUnderWay: ReadonlySet<string>,
  options: BatcherOptions<Req, Res>,
): { batch: Waiting<Req, Res>[]; rest: Waiting<Req, Res>[] } {
  const now = options.timers.now();
  const keys = new Set(keysUnderWay);
  const batch: Waiting<Req, Res>[] = [];
  const rest: Waiting<Req, Res>[] = [];
  let weight = 0;
  for (const one of queue) {
    const full = batch.length >= options.sizeMax || weight + one.weight > options.weightMax;
    if (isOver(one, now, options.waitMsMax)) continue;
    if ((full && batch.length > 0) || one.keys.some((key) => keys.has(key))) rest.push(one);
    else {
      for (const key of one.keys) keys.add(key);
      weight += one.weight;
      batch.push(one);
    }
  }
  return { batch, rest };
}
