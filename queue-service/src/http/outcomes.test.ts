import { expect, it, onTestFinished } from 'vitest';
import { aSale, iso, testService } from '../../test/fixture.ts';
import type { Checkouts, ReportReply } from '../app/ports.ts';

/** A service with a sale, and what the checkouts answer to reports; `asked` is what came to them. */
async function withReply(reply: ReportReply) {
  const asked: unknown[] = [];
  const checkouts: Checkouts = {
    refund: async () => ({ kind: 'unknown' }),
    async report(saleId, { actor, outcomes }) {
      asked.push({ saleId, actor, outcomes });
      return reply;
    },
  };
  const service = await testService(onTestFinished, checkouts);
  const startsAt = iso(service.clock.now());
  const { saleId } = await aSale(service, { publish: true, startsAt });
  const report = (outcomes: unknown, headers = {}) =>
    service.call('POST', `/v1/sales/${saleId}/outcomes`, { outcomes }, headers);
  return { service, asked, saleId, report };
}

const problem = {
  type: 'urn:fairgate:problem:sold-out',
  title: 'Sold out',
  status: 409,
  detail: 'x',
};
const taken: ReportReply = {
  kind: 'reported',
  results: [
    { result: 'accepted', order: null },
    { result: 'refused', problem },
  ],
};
const two = [
  { token: 'a.b.c', outcome: 'abandoned' },
  { token: 'd.e.f', outcome: 'bought', items: [{ productId: 'prod_1', quantity: 1 }] },
];

it('a report goes to a checkout in the key’s name, is answered one by one, and stands in the audit log', async () => {
  const { service, asked, saleId, report } = await withReply(taken);
  const answer = await report(two);
  expect(answer).toMatchObject({ status: 200, body: { id: saleId, results: taken.results } });
  expect(asked).toEqual([{ saleId, actor: expect.stringMatching(/^key:key_/), outcomes: two }]);
  const { body } = await service.call('GET', `/v1/audit?saleId=${saleId}&action=outcomes.reported`);
  expect(body.items).toMatchObject([
    { detail: { started: 0, bought: 0, abandoned: 1, refused: 1 } },
  ]);
  // Tokens are worth money, and stand in no log.
  expect(JSON.stringify(body)).not.toContain('d.e.f');
});

it('is refused whole where it is none: nothing in it, too much, or a token twice', async () => {
  const { asked, report } = await withReply(taken);
  const [one] = two;
  const many = Array.from({ length: 51 }, (_, i) => ({ ...one, token: `a.b.${i}` }));
  for (const wrong of [
    [],
    many,
    [one, one],
    [{ ...one, outcome: 'lost' }],
    [{ ...one, items: [] }],
  ]) {
    expect((await report(wrong)).status).toBe(400);
  }
  expect(asked).toEqual([]);
});

it('is 503 where no checkout answers, and nothing is written of it', async () => {
  const { service, saleId, report } = await withReply({ kind: 'unavailable', cause: 'away' });
  const answer = await report(two);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).not.toBeNull();
  const { body } = await service.call('GET', `/v1/audit?saleId=${saleId}&action=outcomes.reported`);
  expect(body.items).toEqual([]);
});

it('needs an operator', async () => {
  const { service, report } = await withReply(taken);
  const made = await service.call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
  expect((await report(two, { authorization: `Bearer ${made.body.key}` })).status).toBe(403);
});
