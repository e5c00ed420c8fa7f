import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { roomKey } from './keys.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
const key = 'again:ord_1';

beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { units: 3 });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

async function admittedTotal(): Promise<number | undefined> {
  await fixture.pass(1_000);
  await fixture.room.advance(saleId);
  return (await fixture.room.figures(saleId))?.admittedTotal;
}
const outstanding = async () => (await fixture.room.figures(saleId))?.outstanding;
const promise = (of = key, units = 1) => fixture.room.promise(saleId, of, units);
const unused = report({ kind: 'ended', jti: key, taken: 0, returned: 0, seq: 1 });
const bought = report({ kind: 'bought', jti: key, seq: 2 });
const refunded = report({ kind: 'ended', jti: key, taken: 1, returned: 1, seq: 3 });

describe('units promised to late money', () => {
  it('are taken from the budget once, however often it is asked', async () => {
    expect([await promise(), await promise(), await promise()]).toEqual(
      Array.from({ length: 3 }, () => 'promised'),
    );
    expect(await outstanding()).toBe(1);
    await fixture.room.join(saleId, visitors(10).map(newcomer));
    expect(await admittedTotal()).toBe(2);
  });

  it('are never more than the budget has', async () => {
    await fixture.room.join(saleId, visitors(2).map(newcomer));
    expect(await admittedTotal()).toBe(2);
    expect(await promise('again:ord_2', 2)).toBe('none');
    expect(await promise()).toBe('promised');
    expect(await promise('again:ord_3')).toBe('none');
    expect(await outstanding()).toBe(3);
  });

  it('come back once where they bought nothing, and are not promised under that key again', async () => {
    await promise(key, 1);
    await fixture.room.settle(saleId, [unused, unused]);
    await fixture.room.settle(saleId, [unused]);
    expect(await outstanding()).toBe(0);
    expect(await promise()).toBe('none');
    expect(await outstanding()).toBe(0);
  });

  it('come back once when the order that they bought is refunded', async () => {
    await promise();
    await fixture.room.settle(saleId, [bought, bought]);
    expect(await outstanding()).toBe(1);
    await fixture.room.settle(saleId, [refunded, bought, refunded]);
    expect(await outstanding()).toBe(0);
  });

  it('count where one payment gave them back while another bought with them', async () => {
    await promise();
    await fixture.room.settle(saleId, [unused, bought]);
    expect(await outstanding()).toBe(1);
    await fixture.room.settle(saleId, [unused, bought]);
    expect(await outstanding()).toBe(1);
    await fixture.room.settle(saleId, [refunded]);
    expect(await outstanding()).toBe(0);
  });

  it('are always promised where the sale guarantees nobody a unit, and counted all the same', async () => {
    await fixture.configure({ guaranteeStock: 0, units: 1 });
    expect(await promise('again:ord_1', 2)).toBe('promised');
    expect(await outstanding()).toBe(2);
  });

  it('are not to be had where there is no room', async () => {
    await fixture.redis.flushall();
    expect(await promise()).toBe('no-room');
  });

  it('are open until it is known what became of them', async () => {
    const late = async () => Number(await fixture.redis.hget(roomKey(saleId, 'room'), 'late'));
    await promise();
    await promise('again:ord_2');
    expect(await late()).toBe(2);
    await fixture.room.settle(saleId, [bought, refunded, bought]);
    expect(await late()).toBe(1);
    await fixture.room.settle(saleId, [{ ...unused, jti: 'again:ord_2' }]);
    expect(await late()).toBe(0);
  });

  it('are no reason to count the sale’s stock anew, though nobody was admitted yet', async () => {
    await promise();
    await fixture.configure({ message: 'changed' });
    expect(await outstanding()).toBe(1);
  });
});

describe('units promised to late money before Redis was emptied', () => {
  beforeEach(async () => {
    await promise();
    await fixture.redis.flushall();
  });
  const begin = (free: number, settledFrom = 0) =>
    fixture.begin({ free, settledFrom, next: 10, admitted: 1 });

  it('count once where the purchase was in Postgres before the room began again', async () => {
    await begin(2, 2);
    await fixture.room.settle(saleId, [bought]);
    expect(await outstanding()).toBe(1);
    await fixture.room.settle(saleId, [refunded]);
    expect(await outstanding()).toBe(0);
  });

  it('count from the purchase on where that came after the room had begun again', async () => {
    await begin(3);
    await fixture.room.settle(saleId, [bought, bought]);
    expect(await outstanding()).toBe(1);
    await fixture.room.settle(saleId, [refunded]);
    expect(await outstanding()).toBe(0);
  });

  it('give nothing back that the new room never took', async () => {
    await begin(2);
    await fixture.room.settle(saleId, [unused]);
    expect(await outstanding()).toBe(1);
  });

  it('are promised anew to whoever asks again under the same key', async () => {
    await begin(3);
    expect([await promise(), await promise()]).toEqual(['promised', 'promised']);
    await fixture.room.settle(saleId, [bought]);
    expect(await outstanding()).toBe(1);
  });
});
