import { afterAll, beforeAll, expect, test } from 'vitest';
import { solvedChallenge } from './support/altcha.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { joinShape, tokenShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

test('a sale that asks for challenges sells to whoever solves them, at joining and at the token', async () => {
  const { edge, control, checkout } = stack;
  const { edgeUrl } = stack.info();
  const sale = await openSale(control, edge, {
    units: 2,
    room: { ...openDoors, challenge: 'altcha', challengeAt: ['join', 'token'] },
  });
  const path = `/api/sales/${sale.saleId}/place`;
  const post = (where: string, challenge?: string, bearer?: string) =>
    edge.raw(where, {
      method: 'POST',
      json: challenge === undefined ? {} : { challenge },
      ...(bearer === undefined ? {} : { bearer }),
    });
  expectProblem(await post(path), 'challenge-required');
  const first = await solvedChallenge(edgeUrl, sale.saleId);
  const { ticket } = answered(await post(path, first), 201, joinShape);
  expectProblem(await post(path, first), 'challenge-failed');
  await waitFor('the admission', 10, async () => {
    return (await edge.poll(sale.saleId, ticket)).state === 'admitted';
  });
  expectProblem(await post(`${path}/token`, undefined, ticket), 'challenge-required');
  expectProblem(await post(`${path}/token`, first, ticket), 'challenge-failed');
  const second = await solvedChallenge(edgeUrl, sale.saleId);
  const { token } = answered(await post(`${path}/token`, second, ticket), 200, tokenShape);
  const { order } = await checkout.redeem({ token, productId: sale.productId });
  expect(order.state).toBe('awaiting_payment');
});

test('an admin who asks for challenges, or no longer, is heard by the edge within 2 s', async () => {
  const { edge, control } = stack;
  const sale = await openSale(control, edge, { units: 2 });
  const challenge = `/api/sales/${sale.saleId}/challenge`;
  expect((await edge.raw(challenge)).status).toBe(204);
  await control.setRoom(sale.saleId, { challenge: 'altcha' });
  await waitFor('the challenge', 2, async () => (await edge.raw(challenge)).status === 200);
  await control.setRoom(sale.saleId, { challenge: 'none' });
  await waitFor('its end', 2, async () => (await edge.raw(challenge)).status === 204);
});
