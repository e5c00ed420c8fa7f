import type { Log } from '../app/log.ts';
import type { SandboxEvent } from './api.ts';
import { signatureHeader, signWebhook } from './signature.ts';

export type Deliveries = {
  /** Sends an event until somebody takes it; `times` > 1 sends it again afterwards. */
  send(event: SandboxEvent, times: number): void;
  stop(): void;
};

const attemptsMax = 30;
const pauseMsMax = 5_000;

/** Webhooks: each event to the addresses in turn, again with backoff until one answers 2xx. */
export function makeDeliveries(urls: readonly string[], secret: string, log: Log): Deliveries {
  const timers = new Set<NodeJS.Timeout>();
  let turn = 0;

  function later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  }

  async function attempt(event: SandboxEvent, times: number, tries: number): Promise<void> {
    const url = urls[turn % urls.length] ?? '';
    turn += 1;
    const taken = await post(url, JSON.stringify(event));
    if (taken && times > 1) later(50, () => void attempt(event, times - 1, 0));
    if (taken) return;
    if (tries >= attemptsMax) {
      log.error({ eventId: event.id }, 'a webhook was given up');
      return;
    }
    const pauseMs = tries < urls.length ? 100 : Math.min(pauseMsMax, 100 * 2 ** tries);
    later(pauseMs, () => void attempt(event, times, tries + 1));
  }

  async function post(url: string, body: string): Promise<boolean> {
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

  return {
    send: (event, times) => void attempt(event, times, 0),
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
