import { testRunKey } from '@fairgate/shared/room/clocked-scripts.ts';
import { roomKey } from '@fairgate/shared/room/keys.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { leaseForGood } from '@fairgate/shared/room/test-rooms.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { anOrder, aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
let saleId: string;
let productId: string;
beforeEach(async () => {
  service = await testService();
  ({ saleId, productId } = await aSale(service, { startsAt: iso(startMs), publish: true }));
});
const call: Service['call'] = (...args) => service.call(...args);
const seen = () => service.room.advance(saleId, 0);
const visitors = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`);
const settings = (room: object) => call('PATCH', `/v1/sales/${saleId}/room`, room);

/** Redis forgets all, and the room is made anew; checkouts can commit. */
async function emptied(): Promise<void> {
  await service.redis.flushall();
  await service.setClock();
  await service.keeper.keepRooms();
  await leaseForGood(service.redis, saleId);
}

describe('after Redis was emptied', () => {
  it('the room begins again above its numbers, with its settings, counts and budget', async () => {
    await call('PATCH', `/v1/sales/${saleId}/room`, { admitPerMinute: 60, message: 'Hello' });
    await service.room.join(saleId, visitors(6).map(newcomer));
    await service.pass(1_000);
    await seen();
    await anOrder(service, { saleId, productId, jti: 'j1', state: 'paid' });
    const { orderId } = await anOrder(service, {
      saleId,
      productId,
      jti: 'j2',
      state: 'awaiting_payment',
    });
    expect(orderId).toMatch(/^ord_/);
    await service.keeper.keepRooms();
    await service.redis.flushall();
    await service.setClock();
    await service.keeper.keepRooms();
    const figures = await service.room.figures(saleId);
    expect(figures).toMatchObject({ joinedTotal: 6, admittedTotal: 1, redeemed: 2, units: 5 });
    expect(figures).toMatchObject({ frontier: 1, active: 1 });
    expect(figures?.stock).toMatchObject({ total: '5', [productId]: '3:1:1' });
    expect(await seen()).toMatchObject({ state: 'open', message: 'Hello', unitsLeft: 3 });
    const [buyer] = await service.room.look(saleId, [
      { visitor: 'visitor-j1', number: 1, ordinal: 1 },
    ]);
    expect(buyer?.state).toBe('done');
    const [late] = await service.room.join(saleId, ['late'].map(newcomer));
    expect(late?.number).toBeGreaterThan(10_000);
    expect(await service.redis.zscore('fg:catalogue', saleId)).toBe(String(startMs));
    // What may be promised from before is given back once those tokens have died.
    expect((await seen())?.budget).toBeLessThan(3);
    await service.pass(131_000);
    await call('POST', `/v1/sales/${saleId}/pause`);
    expect((await seen())?.budget).toBe(3);
  });

  it('a change by an admin does not begin the room with zeros', async () => {
    await service.room.join(saleId, visitors(6).map(newcomer));
    await service.keeper.keepRooms();
    await service.redis.flushall();
    await service.setClock();
    await call('PATCH', `/v1/sales/${saleId}/room`, { message: 'x' });
    expect(await service.room.figures(saleId)).toMatchObject({ joinedTotal: 6, next: 10_006 });
  });

  it('a closed sale is shown as closed again, and forgotten after two days', async () => {
    await call('POST', `/v1/sales/${saleId}/close`);
    expect(await service.redis.ttl(roomKey(saleId, 'room'))).toBeGreaterThan(172_000);
    await service.redis.flushall();
    await service.setClock();
    await service.pass(120_000);
    await service.keeper.renewPictures();
    expect(await seen()).toMatchObject({ state: 'closed' });
    await service.pass(49 * 3_600_000);
    await service.keeper.renewPictures();
    expect(await service.redis.zscore('fg:catalogue', saleId)).toBeNull();
  });

  it('who bought is done, and whose token lapsed comes in again behind all others', async () => {
    await service.room.join(saleId, visitors(3).map(newcomer));
    await service.keeper.keepRooms();
    await anOrder(service, { saleId, productId, jti: 'j0', state: 'paid' });
    await service.database.db.execute(`
      insert into redemptions (jti, sale_id, visitor, number, max, kind) values
        ('j1', '${saleId}', 'v1', 2, 1, 'lapsed'), ('j2', '${saleId}', 'v1', 9, 1, 'lapsed')`);
    await emptied();
    const ticket = { visitor: 'v1', number: 9, ordinal: 1 };
    const [buyer, lapsed] = await service.room.look(saleId, [
      { visitor: 'visitor-j0', number: 1, ordinal: 1 },
      ticket,
    ]);
    expect([buyer?.state, lapsed?.state]).toEqual(['done', 'expired']);
    const [again] = await service.room.join(saleId, [ticket]);
    expect(again).toMatchObject({ outcome: 'joined', number: 10_004, ordinal: 3 });
  });

  it('a room that is lost while an admin changes it begins from all that is known', async () => {
    await service.room.join(saleId, visitors(6).map(newcomer));
    await service.keeper.keepRooms();
    await anOrder(service, { saleId, productId, jti: 'j1', state: 'paid' });
    const { figures } = service.room;
    let isEmptied = false;
    service.room.figures = async (id) => {
      const found = await figures(id);
      if (!isEmptied) await service.redis.flushall();
      await service.setClock();
      isEmptied = true;
      return found;
    };
    await settings({ message: 'x' });
    expect(await figures(saleId)).toMatchObject({ joinedTotal: 6, next: 10_006, redeemed: 1 });
    const questions = [{ visitor: 'visitor-j1', number: 1, ordinal: 1 }];
    expect((await service.room.look(saleId, questions))[0]?.state).toBe('done');
  });

  it('promises of before outlive settings that were lowered since', async () => {
    await settings({ tokenSeconds: 600, admitPerMinute: 600, maxUnitsPerShopper: 2 });
    await service.room.join(saleId, visitors(9).map(newcomer));
    await service.pass(200);
    await seen();
    for (const visitor of visitors(2)) await service.room.take(saleId, visitor, 1, visitor);
    await service.keeper.keepRooms();
    await settings({ tokenSeconds: 5, admitPerMinute: 60, maxUnitsPerShopper: 1 });
    await service.pass(1_000);
    await service.keeper.keepRooms();
    await emptied();
    // Of five units four are promised, and one more may have been since the checkpoint.
    const questions = visitors(9).map((visitor, i) => ({ visitor, number: i + 1, ordinal: 1 }));
    await service.room.look(saleId, questions.slice(2));
    for (let passed = 0; passed < 600; passed += 20) {
      await service.pass(20_000);
      await service.room.look(saleId, questions.slice(2));
      await seen();
      expect((await service.room.figures(saleId))?.admittedTotal).toBe(2);
    }
    await service.pass(12_000);
    await seen();
    expect((await service.room.figures(saleId))?.admittedTotal).toBeGreaterThan(2);
  });

  it('settings that were in force between two checkpoints are counted with', async () => {
    await service.keeper.keepRooms();
    await settings({ admitPerMinute: 6_000 });
    await settings({ admitPerMinute: 0 });
    await emptied();
    // A burst of 100 and a second of it, where the last settings allow nobody in.
    expect((await service.room.figures(saleId))?.alive.units).toBe(200);
  });

  it('units that late money may have been promised are promised still', async () => {
    await settings({ admitPerMinute: 0 });
    await service.keeper.keepRooms();
    const late = { saleId, productId, jti: 'j1', state: 'awaiting_payment' } as const;
    const { orderId } = await anOrder(service, late);
    await service.database.db.execute(`
      update units set state = 'free', order_id = null where order_id = '${orderId}';
      update orders set state = 'expired' where id = '${orderId}';
      insert into payments (id, order_id, sale_id, provider, state, amount_minor, currency)
      values ('pay_1', '${orderId}', '${saleId}', 'sandbox', 'late', 1250, 'EUR')`);
    const before = (await seen())?.budget ?? 0;
    await emptied();
    // One admission that the burst of a moment allows, and the one that is late.
    expect((await seen())?.budget).toBe(before - 2);
  });
});

it('one room that is out of order keeps no other sale’s checkpoint', async () => {
  const broken = await aSale(service, { startsAt: iso(startMs), publish: true });
  await service.redis.del(roomKey(broken.saleId, 'room'));
  await service.redis.set(roomKey(broken.saleId, 'room'), 'of another type');
  await service.room.join(saleId, visitors(3).map(newcomer));
  await expect(service.keeper.keepRooms()).rejects.toThrow();
  expect(await service.store.rooms.checkpoint(saleId)).toMatchObject({ next: 3 });
});

it('checkpoints never go back', async () => {
  const at = (next: number, takenAt: number) =>
    service.store.rooms.saveCheckpoints([
      {
        saleId,
        checkpoint: { next, frontier: next, outstanding: 0, counters: { joined: next }, takenAt },
      },
    ]);
  await at(5, startMs + 1_000);
  await at(3, startMs + 2_000);
  await at(5, startMs + 500);
  expect(await service.store.rooms.checkpoint(saleId)).toMatchObject({
    next: 5,
    takenAt: startMs + 1_000,
  });
});

describe('a Redis that may lack its last seconds', () => {
  const look = async (visitor: string, number: number) =>
    (await service.room.look(saleId, [{ visitor, number, ordinal: 1 }]))[0]?.state;

  it('hears again who bought, once', async () => {
    await settings({ admitPerMinute: 0 });
    await service.room.join(saleId, ['visitor-j1', 'visitor-j2'].map(newcomer));
    await service.keeper.keepRooms();
    // That it was spent was told to a Redis which has forgotten it.
    await anOrder(service, { saleId, productId, jti: 'j1', state: 'paid' });
    await service.keeper.keepRooms();
    expect(await look('visitor-j1', 1)).toBe('waiting');
    await service.redis.set(testRunKey, 'second');
    await seen();
    await service.keeper.keepRooms();
    expect(await look('visitor-j1', 1)).toBe('done');
    expect(await look('visitor-j2', 2)).toBe('waiting');
    await anOrder(service, { saleId, productId, jti: 'j2', state: 'paid' });
    await service.keeper.keepRooms();
    expect(await look('visitor-j2', 2)).toBe('waiting');
  });
});
