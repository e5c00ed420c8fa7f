import { type Answer, type CallOptions, call } from '../support/http.ts';

/** Sends requests, so many at once and no more, again where nothing came back or too much was asked. */
export type Sender = {
  /** Rejects after the last attempt went unanswered. */
  send(url: string, options?: CallOptions): Promise<Answer>;
  /** Resolves after the time, or when the crowd is over. */
  pause(ms: number): Promise<void>;
};

/** As many as a shopper's patience: with a part of the stack being restarted this is enough. */
const attemptsMax = 10;
const pauseMsMax = 3_000;
const pauseMsFirst = 250;

export function boundedSender(limit: number, over: AbortSignal): Sender {
  let free = limit;
  const waiting: (() => void)[] = [];
  const enter = async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const exit = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  const once = async (url: string, options?: CallOptions) => {
    await enter();
    try {
      return await call(url, options);
    } finally {
      exit();
    }
  };
  const pause = (ms: number) => pauseUnless(over, ms);
  return {
    pause,
    async send(url, options) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await once(url, options).catch((error: unknown) => {
          if (attempt >= attemptsMax) throw error;
          return undefined;
        });
        if (answer !== undefined && !asksToComeBack(answer)) return answer;
        if (answer !== undefined && attempt >= attemptsMax) return answer;
        await pause(retryMs(answer, attempt));
      }
    },
  };
}

function asksToComeBack({ status, headers }: Answer): boolean {
  return status === 429 || status === 503 || (status === 409 && headers.has('retry-after'));
}

function retryMs(answer: Answer | undefined, attempt: number): number {
  const told = Number(answer?.headers.get('retry-after') ?? 0) * 1_000;
  return Math.min(pauseMsMax, Math.max(told, pauseMsFirst * attempt));
}

function pauseUnless(over: AbortSignal, ms: number): Promise<void> {
  if (over.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      over.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    over.addEventListener('abort', end, { once: true });
  });
}
