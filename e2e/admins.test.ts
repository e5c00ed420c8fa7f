import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDoors, openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const aSale = async () => {
  const { control, edge } = stack;
  const room = { ...openDoors, admitPerMinute: 0 };
  return await openSale(control, edge, { units: 5, room });
};

test('of twenty admins who change the same sale at once one is taken, and none is overwritten', async () => {
  const { control } = stack;
  const { saleId } = await aSale();
  const path = `/v1/sales/${saleId}`;
  for (let round = 0; round < 3; round += 1) {
    const etag = (await control.raw(path)).headers.get('etag') ?? '';
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, admin) =>
        control.raw(`${path}/room`, {
          method: 'PATCH',
          json: { message: `round ${round}, admin ${admin}` },
          headers: { 'if-match': etag },
        }),
      ),
    );
    const taken = answers.flatMap(({ status }, admin) => (status === 200 ? [admin] : []));
    expect(taken).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19);
    const { room } = JSON.parse((await control.raw(path)).text);
    expect(room.message).toBe(`round ${round}, admin ${taken[0]}`);
  }
});

test('settings act at the edge and in the room within 2 s, and are there after every process was killed', async () => {
  const { control, edge } = stack;
  const { saleId } = await aSale();
  const { ticket } = await edge.join(saleId);
  await control.setRoom(saleId, { message: 'Kept.', admitPerMinute: 7, maxActive: 11 });
  const isSeen = async () => {
    const [sale, place] = [await edge.sale(saleId), await edge.poll(saleId, ticket)];
    return sale.message === 'Kept.' && sale.admitPerMinute === 7 && place.message === 'Kept.';
  };
  await waitFor('the settings at the edge', 2, isSeen);
  const { settings } = await control.figures(saleId);
  expect(settings).toMatchObject({ message: 'Kept.', admitPerMinute: 7, maxActive: 11 });
  for (const name of ['queue-service', 'edge', 'checkout-1', 'checkout-2', 'redis', 'postgres']) {
    stack.kill(name);
  }
  await stack.whole();
  await waitFor('the settings after that', 20, isSeen);
  expect((await control.figures(saleId)).settings).toMatchObject({ maxActive: 11 });
  const key = await control.createApiKey('after', 'viewer');
  expect(key).toMatch(/^fgk_/);
});
