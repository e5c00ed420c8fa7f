import { parseAddress } from '@fairgate/shared/address.ts';
import { banListText } from '@fairgate/shared/bans/ban.ts';
import { expect, test } from 'vitest';
import type { BansAnswer } from './door-ports.ts';
import { heldBans } from './held-bans.ts';

const asking = { address: parseAddress('203.0.113.7'), country: null, asn: null, visitors: [] };
const listOf = (version: number, ...values: string[]): BansAnswer => ({
  kind: 'list',
  text: banListText({
    version,
    bans: values.map((value) => ({ id: value, kind: 'ip', value, expiresAt: null })),
  }),
});

/** Bans over a gateway that answers what it is told to, and a clock moved by hand. */
function bansOver(first: BansAnswer) {
  const gateway = { answer: first, asked: 0, known: 0 };
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const kept: Promise<void>[] = [];
  const bans = heldBans(
    {
      async bans(known) {
        gateway.asked += 1;
        gateway.known = known;
        return gateway.answer;
      },
    },
    clock,
  );
  const look = () => bans.matcher((task) => void kept.push(task));
  const isBanned = async () => (await look()).find(asking, clock.ms) !== null;
  return { gateway, clock, kept, look, isBanned };
}

test('polls within half a second ask nobody, and the first one after it does not wait', async () => {
  const { gateway, clock, kept, look, isBanned } = bansOver(listOf(1, '203.0.113.7'));
  expect(await isBanned()).toBe(true);
  for (let i = 0; i < 100; i += 1) expect(look()).not.toBeInstanceOf(Promise);
  expect(gateway.asked).toBe(1);
  clock.ms += 600;
  gateway.answer = listOf(2);
  for (let i = 0; i < 100; i += 1) expect(look()).not.toBeInstanceOf(Promise);
  expect(gateway).toMatchObject({ asked: 2, known: 1 });
  await Promise.all(kept);
  expect(await isBanned()).toBe(false);
});

test('a list that nobody confirmed for 1.2 s is not gone by without asking', async () => {
  const { gateway, clock, isBanned } = bansOver(listOf(1));
  expect(await isBanned()).toBe(false);
  clock.ms += 60_000;
  gateway.answer = listOf(2, '203.0.113.7');
  expect(await isBanned()).toBe(true);
});

test('while no gateway answers, and after Redis was emptied, the last list holds', async () => {
  const { gateway, clock, isBanned } = bansOver(listOf(1, '203.0.113.7'));
  expect(await isBanned()).toBe(true);
  for (const answer of [{ kind: 'unavailable', cause: 'away' }, { kind: 'none' }] as const) {
    gateway.answer = answer;
    for (let i = 0; i < 10; i += 1) {
      clock.ms += 2_000;
      expect(await isBanned()).toBe(true);
    }
  }
});

test('a gateway that is away is asked twice a second at most', async () => {
  const { gateway, clock, look } = bansOver({ kind: 'unavailable', cause: 'away' });
  for (let i = 0; i < 100; i += 1) {
    await look();
    clock.ms += 10;
  }
  expect(gateway.asked).toBeLessThanOrEqual(2);
});

test('while no gateway answers, nobody waits for one, and the list comes when one does', async () => {
  const { gateway, clock, kept, look, isBanned } = bansOver({ kind: 'unavailable', cause: 'away' });
  await look();
  clock.ms += 10_000;
  gateway.answer = listOf(1, '203.0.113.7');
  expect(look()).not.toBeInstanceOf(Promise);
  await Promise.all(kept);
  expect(await isBanned()).toBe(true);
});

test('an older list, as of a replica that lags, replaces no newer one', async () => {
  const { gateway, clock, isBanned } = bansOver(listOf(7, '203.0.113.7'));
  expect(await isBanned()).toBe(true);
  gateway.answer = listOf(6);
  clock.ms += 5_000;
  expect(await isBanned()).toBe(true);
});
