import { describe, expect, it } from 'vitest';
import type { Order, OrderState } from '../order.ts';
import { type OrderStreamParts, orderStream } from './order-stream.ts';
import type { Pauses } from './pauses.ts';
import { FairgateProblem, FairgateUnreachable } from './problems.ts';

const orderIn = (state: OrderState): Order => ({
  id: 'ord_1',
  saleId: 'sale_1',
  state,
  items: [],
  totalMinor: 1,
  currency: 'EUR',
  payBefore: '2030-01-01T00:00:00Z',
  createdAt: '2030-01-01T00:00:00Z',
});
const eventOf = (state: OrderState) =>
  `event: order\ndata: ${JSON.stringify(orderIn(state))}\nid: 1\n\n`;

/** A stream whose parts come as they are, wherever they are cut. */
const streamOf = (...parts: string[]) =>
  new Response(
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    }),
  );

async function statesOf(
  answers: (Response | Order | Error)[],
  changes: Partial<OrderStreamParts> = {},
) {
  const waited: number[] = [];
  const pauses: Pauses = {
    now: () => 0,
    random: () => 0,
    pause: async (ms) => void waited.push(ms),
  };
  const next = async () => {
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer;
    return answer;
  };
  const open = async () => (await next()) as Response;
  const ask = async () => (await next()) as Order;
  const states: string[] = [];
  const parts = { open, ask, canStream: true, pauses, signal: undefined, ...changes };
  for await (const { state } of orderStream(parts)) states.push(state);
  return { states, waited };
}

describe('the events of an order', () => {
  it('are read wherever the stream is cut, signs of life left out, until the order is settled', async () => {
    const whole = `: still here\n\n${eventOf('awaiting_payment')}${eventOf('paid')}`;
    const letters = streamOf(...whole);
    expect((await statesOf([letters])).states).toEqual(['awaiting_payment', 'paid']);
  });

  it('go on after a lost connection, each state told once', async () => {
    const waiting = eventOf('awaiting_payment');
    const { states, waited } = await statesOf([
      streamOf(waiting),
      new FairgateUnreachable('away'),
      new FairgateUnreachable('away'),
      streamOf(waiting, eventOf('expired')),
    ]);
    expect(states).toEqual(['awaiting_payment', 'expired']);
    expect(waited).toEqual([2_000, 500, 1_000]);
  });

  it('are asked for again and again where the platform has no streams', async () => {
    const orders = (['awaiting_payment', 'awaiting_payment', 'cancelled'] as const).map(orderIn);
    const { states } = await statesOf(orders, { canStream: false });
    expect(states).toEqual(['awaiting_payment', 'cancelled']);
  });

  it('end with a refusal that asking again cannot mend', async () => {
    const problem = { type: 'urn:fairgate:problem:not-found' };
    const refusal = new FairgateProblem(new Response(null, { status: 404 }), problem);
    await expect(statesOf([refusal])).rejects.toMatchObject({ slug: 'not-found' });
  });
});
