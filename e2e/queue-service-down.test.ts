import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Standing, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { mapBounded } from './support/http.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

function signal(name: string, what: 'SIGSTOP' | 'SIGCONT'): void {
  const found = stack.info().processes.find((process) => process.name === name);
  if (found === undefined) throw new Error(`stack.json names no process ${name}`);
  process.kill(found.pid, what);
}

test('with the queue service down, a cancelled order, one that ran out and an unspent token each let the next one in', async () => {
  const { edge, control, checkout } = stack;
  const room = { ...openDoors, tokenSeconds: 12, paySeconds: 10, guaranteeStock: true };
  const sale = await openSale(control, edge, { units: 3, room });
  const { saleId, productId } = sale;
  const line: Standing[] = [];
  for (let i = 0; i < 7; i += 1) line.push(await edge.join(saleId));
  const turn = async (standing: Standing) =>
    await tokenWhenAdmitted(edge, saleId, standing.ticket, 40);

  signal('queue-service', 'SIGSTOP');
  try {
    const [cancels = '', runsOut = ''] = await mapBounded(line.slice(0, 3), 3, turn);
    // Of the first three one does nothing at all: its token lapses.
    const cancelled = await checkout.redeem({ token: cancels, productId });
    await checkout.redeem({ token: runsOut, productId });
    await checkout.cancel(cancelled.order.id, cancelled.orderKey);
    await mapBounded(line.slice(3, 6), 3, async (standing) => {
      const token = await turn(standing);
      const { order, orderKey } = await checkout.redeem({ token, productId });
      await checkout.pay(order.id, orderKey);
    });
    const states = await stack.sql`
      select state, count(*)::int as count from orders where sale_id = ${saleId}
      group by state order by state`;
    expect(Object.fromEntries(states.map(({ state, count }) => [state, count]))).toMatchObject({
      cancelled: 1,
      expired: 1,
    });
    const lapsed = await stack.sql`
      select from redemptions where sale_id = ${saleId} and kind = 'lapsed'`;
    expect(lapsed).toHaveLength(1);
    expect((await edge.poll(saleId, line[6]?.ticket ?? '')).state).toBe('waiting');
  } finally {
    signal('queue-service', 'SIGCONT');
  }
  expect((await stack.addsUp(sale)).free).toBe(0);
});
