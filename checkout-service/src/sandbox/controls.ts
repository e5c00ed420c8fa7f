import { z } from 'zod';

const share = z.number().min(0).max(1).default(0);
const ms = z.int().min(0).max(60_000).default(0);

/** What the sandbox does wrong, for tests of whoever uses it. Everything is off by default. */
export const controlsSchema = z.strictObject({
  /** Each answer waits a random time between these. */
  delayMsMin: ms,
  delayMsMax: ms,
  /** The share of requests that are answered 503, and do nothing. */
  failureRate: share,
  /** Requests are taken and never answered, and do nothing. */
  hang: z.boolean().default(false),
  /** The share of requests that are done, and whose connection is dropped instead of an answer. */
  lostAnswers: share,
  webhooks: z
    .strictObject({
      /** The share that is never sent. */
      drop: share,
      delayMs: ms,
      /** How often each is delivered. */
      copies: z.int().min(1).max(10).default(1),
      /** Each waits for the one after it, and is sent behind that. */
      reorder: z.boolean().default(false),
      /** How a payment went is told before the answer that it was taken. */
      beforeAnswer: z.boolean().default(false),
    })
    .prefault({}),
});
export type ControlSettings = z.infer<typeof controlsSchema>;

/** The controls as they are now. */
export type Controls = { now: ControlSettings; happens(share: number): boolean };

export function makeControls(given: unknown = {}, random: () => number = Math.random): Controls {
  return { now: controlsSchema.parse(given), happens: (share) => random() < share };
}
