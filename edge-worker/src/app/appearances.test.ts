import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import { expect, test } from 'vitest';
import type { AppearanceAnswer } from './appearance-ports.ts';
import { heldAppearances } from './appearances.ts';
import type { SnapshotFound } from './snapshots.ts';

const sale = { id: 'sale_1' };
const look = (accent: string): Appearance => ({ colours: { accent } });
const published = (version: number, appearance: Appearance): AppearanceAnswer => ({
  kind: 'found',
  json: JSON.stringify({ version, appearance }),
});
const away: AppearanceAnswer = { kind: 'unavailable', cause: 'away' };

/** Looks over a gateway and snapshots that answer what they are told to. */
function looksOver(first: AppearanceAnswer, version: number | null = 1) {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const world = { answer: first, asked: 0, version, found: true, logged: 0 };
  const { of } = heldAppearances({
    gateways: {
      async appearance() {
        world.asked += 1;
        return world.answer;
      },
    },
    snapshots: {
      find(): SnapshotFound {
        if (!world.found) return { kind: 'unavailable' };
        const appearance = world.version === null ? undefined : { version: world.version };
        return {
          kind: 'found',
          snapshot: { info: { appearance } } as RoomSnapshot,
          isStale: false,
        };
      },
      isComingBack: () => false,
    },
    clock,
    log: () => {
      world.logged += 1;
    },
  });
  return { world, clock, of: () => of(sale) };
}

test('a look is read once, and a thousand views after that ask nobody', async () => {
  const { world, clock, of } = looksOver(published(1, look('#112233')));
  for (let i = 0; i < 1_000; i += 1) {
    expect(await of()).toEqual(look('#112233'));
    clock.ms += 60_000;
  }
  expect(world.asked).toBe(1);
});

test('a sale without a look of its own asks nobody, also once it has none any more', async () => {
  const { world, of } = looksOver(published(1, look('#112233')), null);
  expect(await of()).toBeNull();
  expect(world.asked).toBe(0);
  world.version = 1;
  expect(await of()).toEqual(look('#112233'));
  world.version = null;
  expect(await of()).toBeNull();
});

test('a newer version is read with the first view that knows of it', async () => {
  const { world, of } = looksOver(published(1, look('#111111')));
  await of();
  world.answer = published(2, look('#222222'));
  expect(await of()).toEqual(look('#111111'));
  world.version = 2;
  expect(await of()).toEqual(look('#222222'));
  expect(world.asked).toBe(2);
});

test('what is read may be newer than the snapshot, and is not read again for it', async () => {
  const { world, of } = looksOver(published(7, look('#777777')), 6);
  expect(await of()).toEqual(look('#777777'));
  world.version = 7;
  expect(await of()).toEqual(look('#777777'));
  expect(world.asked).toBe(1);
});

test('with Redis away the last look serves, and Redis is left in peace for half a second', async () => {
  const { world, clock, of } = looksOver(published(1, look('#111111')));
  await of();
  Object.assign(world, { version: 2, answer: away });
  for (let i = 0; i < 10; i += 1) expect(await of()).toEqual(look('#111111'));
  expect(world.asked).toBe(2);
  world.found = false;
  expect(await of()).toEqual(look('#111111'));
  Object.assign(world, { found: true, answer: published(2, look('#222222')) });
  clock.ms += 500;
  expect(await of()).toEqual(look('#222222'));
});

test('where none was ever read, none is the answer, and the page has its defaults', async () => {
  const { world, clock, of } = looksOver(away);
  expect(await of()).toBeNull();
  clock.ms += 500;
  world.answer = { kind: 'none' };
  expect(await of()).toBeNull();
  clock.ms += 500;
  world.answer = {
    kind: 'found',
    json: '{"version":1,"appearance":{"colours":{"accent":"url(x)"}}}',
  };
  expect(await of()).toBeNull();
  expect(world.logged).toBe(1);
});

test('while one request reads the next look, the others go on with the last one', async () => {
  const { world, clock, of } = looksOver(published(1, look('#111111')));
  await of();
  world.version = 2;
  world.answer = published(2, look('#222222'));
  const reading = of();
  expect(await of()).toEqual(look('#111111'));
  expect(await reading).toEqual(look('#222222'));
  expect(world.asked).toBe(2);
  clock.ms += 1;
  expect(await of()).toEqual(look('#222222'));
});
