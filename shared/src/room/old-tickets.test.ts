import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { auditor } from '../log/auditor.ts';
import { parseRecord } from '../log/record.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { phase: 'paused', admitPerMinute: 60 });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const first = { visitor: 'a', number: 1, ordinal: 1 };

async function openAndAudit() {
  await fixture.configure({ phase: 'open' });
  await fixture.pass(20_000);
  await fixture.room.advance(saleId, 0);
  const audit = auditor(() => (number) => number);
  const { records } = await fixture.room.log(saleId, 0, 1_000);
  for (const raw of records) audit.take(parseRecord(raw).line);
  return audit.report().lanes;
}

/** A replaced ticket stays valid: what it says of number and lane may be over. */
describe('a ticket of an earlier place', () => {
  it('ends the place that there is, under its own number in the log', async () => {
    await fixture.room.join(saleId, [newcomer('a')]);
    await fixture.room.leave(saleId, first);
    await fixture.room.join(saleId, [newcomer('a'), newcomer('b')]);
    expect(await fixture.room.leave(saleId, first)).toBe('left');
    expect(await openAndAudit()).toEqual({ main: { joined: 3, admitted: 1, inversions: 0 } });
  });

  it('ends the place in the lane where it is', async () => {
    await fixture.room.join(saleId, [newcomer('a')]);
    await fixture.room.join(saleId, [{ ...first, pass: 'one' }]);
    await fixture.room.join(saleId, [{ ...newcomer('b'), pass: 'two' }]);
    expect(await fixture.room.leave(saleId, first)).toBe('left');
    expect((await openAndAudit()).priority).toEqual({ joined: 2, admitted: 1, inversions: 0 });
  });
});

describe('a spend of before Redis was emptied', () => {
  it('ends the place that came back, in its lane', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_000 });
    const lane = 'priority' as const;
    await fixture.room.look(saleId, [
      { ...first, lane },
      { visitor: 'b', number: 2, ordinal: 1, lane },
    ]);
    await fixture.room.settle(saleId, [report({ kind: 'spent', jti: 'jti-1', visitor: 'a' })]);
    expect((await openAndAudit()).priority).toEqual({ joined: 0, admitted: 1, inversions: 0 });
    expect((await fixture.room.look(saleId, [first]))[0]?.state).toBe('done');
  });
});

describe('a place that was joined after a token had lapsed', () => {
  const later = { visitor: 'a', number: 5, ordinal: 2 };

  it('can be left when Redis was emptied and knows of the lapsed token alone', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_000 });
    const lapsed = { visitor: 'a', number: 1, jti: 'jti-1', state: 'expired', ordinal: 1 } as const;
    await fixture.room.remember(saleId, [lapsed]);
    expect(await fixture.room.leave(saleId, later)).toBe('left');
    expect(await fixture.room.look(saleId, [later])).toMatchObject([{ state: 'left', number: 5 }]);
    expect((await fixture.room.advance(saleId, 0))?.waiting).toBe(0);
  });
});
