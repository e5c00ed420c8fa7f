import type { Order, OrderState } from '../order.ts';
import { backoffMs, type Pauses } from './pauses.ts';
import { FairgateProblem, isPassing } from './problems.ts';

export type OrderStreamParts = {
  /** Opens the stream of server-sent events. */
  open(): Promise<Response>;
  ask(): Promise<Order>;
  /** React Native has no streams: its fetch gives a body when all of it is there. */
  canStream: boolean;
  pauses: Pauses;
  signal: AbortSignal | undefined;
};

/** Nothing that a shopper does changes it any more. */
const settled: readonly OrderState[] = ['paid', 'expired', 'cancelled', 'refunded'];

const askAgainMs = 2_000;
/** Four signs of life. */
const silentMs = 60_000;

/**
 * The order now and at each change, until it is settled. A connection that is lost is made again; what
 * changed meanwhile comes as one change. Rejects as the client's calls do.
 */
export async function* orderStream(parts: OrderStreamParts): AsyncGenerator<Order, void> {
  const { open, ask, canStream, pauses, signal } = parts;
  let told = '';
  let failures = 0;
  for (;;) {
    try {
      for await (const order of canStream ? eventsOf(await open()) : asked(ask)) {
        failures = 0;
        const text = JSON.stringify(order);
        if (text === told) continue;
        told = text;
        yield order;
        if (settled.includes(order.state)) return;
      }
      await pauses.pause(askAgainMs, signal);
    } catch (error) {
      const isFinal = error instanceof FairgateProblem && !isPassing(error);
      if (signal?.aborted || isFinal) throw error;
      failures += 1;
      await pauses.pause(backoffMs(failures, error, pauses), signal);
    }
  }
}

/** Rejects where even the server's sign of life stays away: the connection died without a word. */
async function heard<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the stream is silent')), silentMs);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}

async function* asked(ask: () => Promise<Order>): AsyncGenerator<Order, void> {
  yield await ask();
}

/** The data of each event named `order` (HTML standard, section 9.2.6, as far as Fairgate uses it). */
async function* eventsOf({ body }: Response): AsyncGenerator<Order, void> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await heard(reader.read());
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const lines = event.split('\n');
        const data = lines.find((line) => line.startsWith('data:'))?.slice(5);
        if (data !== undefined && lines.includes('event: order')) yield JSON.parse(data);
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
