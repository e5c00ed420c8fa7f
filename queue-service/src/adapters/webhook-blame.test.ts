import { beforeEach, expect, it } from 'vitest';
import { iso, type Service, silent, testService } from '../../test/fixture.ts';
import { testSealer } from '../../test/webhooks.ts';
import type { Post, Posted } from '../app/webhook-ports.ts';
import { sealer } from '../app/webhook-secrets.ts';
import { webhookSender } from '../app/webhook-sender.ts';

let service: Service;
let hook: { id: string; path: string };

beforeEach(async () => {
  service = await testService();
  const { body } = await service.call('POST', '/v1/webhooks', { url: 'https://shop.example/old' });
  hook = { id: String(body.id), path: `/v1/webhooks/${body.id}` };
});

const answered = (status: number): Posted => {
  return { kind: 'answered', status, retryAfter: undefined, excerpt: '' };
};

/** One more delivery is tried; `isLast`: there are no more attempts, and nothing was taken for days. */
async function tryOne(post: Post, { isLast = false, sealing = testSealer } = {}) {
  const { sql } = service.database;
  await service.call('POST', `${hook.path}/test`);
  if (isLast) {
    const days = iso(service.clock.now() - 4 * 24 * 3_600_000);
    await sql`update webhook_deliveries set attempts = 10 where state = 'pending'`;
    await sql`update webhook_endpoints set failing_since = ${days} where id = ${hook.id}`;
  }
  const outcomes: string[] = [];
  const send = webhookSender({
    store: service.store,
    post,
    sealer: sealing,
    clock: service.clock,
    random: () => 0,
    onAttempt: (outcome) => void outcomes.push(outcome),
    log: silent,
    stopping: new AbortController().signal,
  });
  await send({ kind: 'webhooks', webhookId: hook.id });
  const [found] = await sql`
    select active, failing_since is not null as failing from webhook_endpoints where id = ${hook.id}`;
  return { outcomes, ...found };
}

it('an endpoint is not blamed for our own key, name server or network', async () => {
  const fails = (fault: 'ours' | 'theirs') => async () =>
    ({ kind: 'failed', why: 'made so', fault }) as const;
  const untouched = { outcomes: ['retried'], active: true, failing: false };
  const sealing = sealer([Buffer.alloc(32, 7)]);
  const never = () => Promise.reject(new Error('it is sent with no signature'));
  expect(await tryOne(never, { sealing })).toEqual(untouched);
  expect(await tryOne(fails('ours'))).toEqual(untouched);
  expect(await tryOne(fails('theirs'))).toEqual({ ...untouched, failing: true });
  const isLast = true;
  const stays = { outcomes: ['failed'], active: true };
  expect(await tryOne(never, { sealing, isLast })).toMatchObject(stays);
  expect(await tryOne(fails('ours'), { isLast })).toMatchObject(stays);
  expect(await tryOne(fails('theirs'), { isLast })).toMatchObject({ ...stays, active: false });
});

it('what the old address answers late does not switch off the new one, nor count against it', async () => {
  let version = 0;
  const moved = (status: number) => async () => {
    version += 1;
    await service.call('PATCH', hook.path, { url: `https://shop.example/${version}` });
    return answered(status);
  };
  const untouched = { active: true, failing: false };
  expect(await tryOne(moved(410))).toEqual({ outcomes: ['failed'], ...untouched });
  expect(await tryOne(moved(503))).toEqual({ outcomes: ['retried'], ...untouched });
  expect(await tryOne(moved(503), { isLast: true })).toMatchObject({ active: true });
  expect(await tryOne(async () => answered(410))).toMatchObject({ active: false });
});

it('what came of it before an admin switched it on again does not switch it off', async () => {
  const onAgain = async () => {
    await service.call('PATCH', hook.path, { active: false });
    await service.call('PATCH', hook.path, { active: true });
    return answered(410);
  };
  expect(await tryOne(onAgain)).toEqual({ outcomes: ['failed'], active: true, failing: false });
});
