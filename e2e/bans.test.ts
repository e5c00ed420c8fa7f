import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { claimsOf, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { type Answer, answered } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { holdsFor, waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const banShape = z.object({ id: z.string(), kind: z.string(), value: z.string() });

async function ban(kind: string, value: string): Promise<string> {
  const json = { kind, value, reason: 'A test' };
  const answer = await stack.control.raw('/v1/bans', { method: 'POST', json });
  return answered(answer, 201, banShape).id;
}

async function lift(id: string): Promise<void> {
  const { status } = await stack.control.raw(`/v1/bans/${id}`, { method: 'DELETE' });
  expect(status).toBe(204);
}

const isBarred = (answer: Answer) => answer.status === 403 && answer.text.includes(':banned');

test('a ban of an address acts at the edge within 2 s of its answer, and so does its lifting', async () => {
  const { edge, control } = stack;
  const { saleId } = await openSale(control, edge, { units: 5, room: { admitPerMinute: 0 } });
  const { ticket } = await edge.join(saleId);
  const place = `/api/sales/${saleId}/place`;
  const poll = () => edge.raw(place, { bearer: ticket });
  for (const [kind, value] of [
    ['ip', '127.0.0.1'],
    ['cidr', '127.0.0.0/8'],
  ] as const) {
    const id = await ban(kind, value);
    try {
      await waitFor('the ban', 2, async () => isBarred(await poll()));
      expectProblem(await edge.raw(place, { method: 'POST', json: {} }), 'banned');
      expectProblem(await edge.raw(`/api/sales/${saleId}`), 'banned');
      const page = await edge.raw(`/sales/${saleId}`, { headers: { accept: 'text/html' } });
      expect([page.status, page.text.includes('No entry from here')]).toEqual([403, true]);
      // Nothing that a client says makes it another one.
      const headers = { 'x-forwarded-for': '192.0.2.1', 'cf-connecting-ip': '192.0.2.1' };
      await holdsFor(1, async () => {
        expectProblem(await edge.raw(place, { bearer: ticket, headers }), 'banned');
      });
    } finally {
      await lift(id);
    }
    await waitFor('its lifting', 2, async () => (await poll()).status === 200);
  }
});

test('a banned visitor loses the token that they were let in for, and others buy on', async () => {
  const { edge, control } = stack;
  const { saleId } = await openSale(control, edge, { units: 5, room: openDoors });
  const [one, other] = [await edge.join(saleId), await edge.join(saleId)];
  const { sub } = claimsOf(await tokenWhenAdmitted(edge, saleId, one.ticket));
  const id = await ban('visitor', sub);
  const token = (ticket: string) =>
    edge.raw(`/api/sales/${saleId}/place/token`, { method: 'POST', bearer: ticket });
  await waitFor('the ban', 2, async () => isBarred(await token(one.ticket)));
  await tokenWhenAdmitted(edge, saleId, other.ticket);
  await lift(id);
  await waitFor('its lifting', 2, async () => (await token(one.ticket)).status === 200);
});

test('a ban survives the queue service being killed, and is at the edge after it is back', async () => {
  const { edge, control } = stack;
  const { saleId } = await openSale(control, edge, { units: 5, room: { admitPerMinute: 0 } });
  const { ticket } = await edge.join(saleId);
  const poll = () => edge.raw(`/api/sales/${saleId}/place`, { bearer: ticket });
  const id = await ban('ip', '127.0.0.1');
  stack.kill('queue-service');
  await waitFor('the ban', 2, async () => isBarred(await poll()));
  await stack.whole();
  expect(isBarred(await poll())).toBe(true);
  await lift(id);
  await waitFor('its lifting', 2, async () => (await poll()).status === 200);
});
