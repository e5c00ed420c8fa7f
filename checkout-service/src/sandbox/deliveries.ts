import type { Log } from '../app/log.ts';
import type { SandboxEvent } from './api.ts';
import { type Controls, makeControls } from './controls.ts';
import { signatureHeader, signWebhook } from './signature.ts';

export type Deliveries = {
  /**
   * Sends an event until somebody takes it; `times` > 1 sends it again afterwards. Resolves after
   * the first try; `done` is called when there is no more to do.
   */
  send(event: SandboxEvent, times: number, done: () => void): Promise<void>;
  stop(): void;
};

const attemptsMax = 30;
const pauseMsMax = 5_000;
/** How long one webhook waits for another to overtake it, where the controls want that. */
const reorderMs = 1_000;

type Sending = { event: SandboxEvent; times: number; tries: number; done: () => void };

/** Webhooks: each event to the addresses in turn, again with backoff until one answers 2xx. */
export function makeDeliveries(
  urls: readonly string[],
  secret: string,
  log: Log,
  controls: Controls = makeControls(),
): Deliveries {
  const timers = new Set<NodeJS.Timeout>();
  let turn = 0;
  let held: (() => void) | null = null;

  function later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  }

  const pause = (ms: number) => new Promise<void>((resolve) => later(ms, resolve));

  /** Resolves when a later webhook went first, or none came. */
  async function letPass(): Promise<void> {
    if (held) {
      // This one goes now; the one that waited goes behind it.
      later(20, held);
      held = null;
      return;
    }
    await new Promise<void>((resolve) => {
      held = resolve;
      later(reorderMs, () => {
        if (held === resolve) held = null;
        resolve();
      });
    });
  }

  async function attempt(sending: Sending): Promise<void> {
    const { event, times, tries, done } = sending;
    const url = urls[turn % urls.length] ?? '';
    turn += 1;
    const taken = await post(url, secret, JSON.stringify(event));
    if (taken && times > 1) {
      later(50, () => void attempt({ ...sending, times: times - 1, tries: 0 }));
      return;
    }
    if (taken) return done();
    if (tries >= attemptsMax) {
      log.error({ eventId: event.id }, 'a webhook was given up');
      return done();
    }
    const pauseMs = tries < urls.length ? 100 : Math.min(pauseMsMax, 100 * 2 ** tries);
    later(pauseMs, () => void attempt({ ...sending, tries: tries + 1 }));
  }

  return {
    async send(event, times, done) {
      const { drop, delayMs, copies, reorder } = controls.now.webhooks;
      if (controls.happens(drop)) return done();
      if (delayMs > 0) await pause(delayMs);
      if (reorder) await letPass();
      await attempt({ event, times: times * copies, tries: 0, done });
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

async function post(url: string, secret: string, body: string): Promise<boolean> {
  try {
    const reply = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [signatureHeader]: signWebhook(secret, body, Date.now()),
      },
      body,
      signal: AbortSignal.timeout(5_000),
    });
    await reply.arrayBuffer();
    return reply.ok;
  } catch {
    return false;
  }
}
