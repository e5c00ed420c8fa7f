import { banListText, bansKey } from '@fairgate/shared/bans/ban.ts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOwnRedis } from '../../../e2e/support/stores.ts';
import { bannedList } from './banned.ts';

let redis: Redis;
beforeAll(async () => {
  const own = await startOwnRedis();
  redis = new Redis(own.url, { maxRetriesPerRequest: 0, enableOfflineQueue: false });
  redis.on('error', () => {});
  await new Promise((resolve) => redis.once('ready', resolve));
  afterAll(own.stop);
});
afterAll(() => redis?.disconnect());

/** A gateway's list, a clock moved by hand, and how many commands it has sent. */
function listAt() {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const sent = { range: 0, get: 0 };
  const counting = {
    getrange: (...args: Parameters<Redis['getrange']>) => {
      sent.range += 1;
      return redis.getrange(...args);
    },
    get: (...args: Parameters<Redis['get']>) => {
      sent.get += 1;
      return redis.get(...args);
    },
  };
  const away = { is: false };
  const ready = async () => {
    if (away.is) throw new Error('away');
  };
  return { clock, sent, away, bans: bannedList(counting, ready, clock) };
}
const write = async (version: number) => {
  const text = banListText({ version, bans: [] });
  await redis.set(bansKey, text);
  return text;
};

test('many isolates at once read Redis once, and the whole list only where it is new', async () => {
  const text = await write(5);
  const { clock, sent, bans } = listAt();
  const answers = await Promise.all(Array.from({ length: 50 }, () => bans(0)));
  for (const answer of answers) expect(answer).toEqual({ kind: 'list', text });
  for (let i = 0; i < 50; i += 1) expect(await bans(5)).toEqual({ kind: 'none' });
  expect(sent).toEqual({ range: 1, get: 1 });
  for (let i = 0; i < 4; i += 1) {
    clock.ms += 400;
    expect(await bans(5)).toEqual({ kind: 'none' });
  }
  expect(sent).toEqual({ range: 5, get: 1 });
  clock.ms += 400;
  const next = await write(6);
  expect(await bans(5)).toEqual({ kind: 'list', text: next });
});

test('the last list holds where Redis was emptied, is away, hangs, or is an older replica', async () => {
  const text = await write(8);
  const { clock, away, bans } = listAt();
  const holds = async () => {
    clock.ms += 1_000;
    expect(await bans(0)).toEqual({ kind: 'list', text });
  };
  await holds();
  await write(7);
  await holds();
  await redis.flushall();
  await holds();
  away.is = true;
  await holds();
  away.is = false;
  await redis.client('PAUSE', 1_500, 'ALL');
  await holds();
});

test('a gateway that never had a list says that it does not know', async () => {
  const { away, bans } = listAt();
  away.is = true;
  expect(await bans(0)).toMatchObject({ kind: 'unavailable' });
});
