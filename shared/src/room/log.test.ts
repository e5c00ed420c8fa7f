import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { auditor } from '../log/auditor.ts';
import { type LogLine, lineText, parseRecord, type RawRecord } from '../log/record.ts';
import { testRunKey } from './clocked-scripts.ts';
import { roomKey } from './keys.ts';
import { type LookQuestion, newcomer } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { admitPerMinute: 60 });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const ticket = (visitor: string, number: number): LookQuestion => ({ visitor, number, ordinal: 1 });

/** The records behind `seq`, which are acknowledged with it. */
async function recordsAfter(seq: number, limit = 2_000): Promise<RawRecord[]> {
  const { records } = await fixture.room.log(saleId, seq, limit);
  return records.map(parseRecord);
}
const linesAfter = async (seq: number): Promise<LogLine[]> =>
  (await recordsAfter(seq)).map(({ line }) => line);

/** What a line says, without when and in which place of the log. */
function told({ kind, lane, number, seq, at, ...more }: LogLine): string {
  const [extra] = Object.values(more);
  return `${kind} ${lane} ${number}${extra === undefined ? '' : ` ${extra}`}`;
}

/** One advance a second; who is named polls each time. */
async function pass(seconds: number, present: LookQuestion[] = []): Promise<void> {
  for (let i = 0; i < seconds; i += 1) {
    await fixture.pass(1_000);
    if (present.length > 0) await fixture.room.look(saleId, present);
    await fixture.room.advance(saleId, 0);
  }
}

function inversions(lines: readonly LogLine[]): number {
  const audit = auditor(() => (number) => number);
  for (const line of lines) audit.take(line);
  return Object.values(audit.report().lanes).reduce((sum, lane) => sum + lane.inversions, 0);
}

describe('the log of a room', () => {
  it('tells of a place: joined, let in, token, order, and what came back', async () => {
    const [buys = '', idles = '', lapses = '', leaves = ''] = visitors(4);
    for (const name of visitors(4)) await fixture.room.join(saleId, [newcomer(name)]);
    expect(await fixture.room.leave(saleId, ticket(leaves, 4))).toBe('left');
    await pass(3);
    await fixture.room.take(saleId, buys, 1, 'jti-1');
    await fixture.room.take(saleId, lapses, 1, 'jti-3');
    await fixture.room.settle(saleId, [report({ kind: 'spent', jti: 'jti-1', visitor: buys })]);
    const ended = report({ kind: 'ended', jti: 'jti-1', visitor: buys, returned: 1 });
    await fixture.room.settle(saleId, [ended]);
    await pass(61);
    expect((await fixture.room.look(saleId, [ticket(idles, 2)]))[0]?.state).toBe('expired');
    const lapsed = report({ kind: 'lapsed', jti: 'jti-3', visitor: lapses, number: 3 });
    await fixture.room.settle(saleId, [lapsed]);
    expect((await linesAfter(0)).map(told)).toEqual([
      'joined main 1',
      'joined main 2',
      'joined main 3',
      'joined main 4',
      'left main 4',
      'opened main 0',
      'admitted main 1 1',
      'admitted main 2 1',
      'admitted main 3 1',
      'issued main 1',
      'issued main 3',
      'spent main 1',
      'returned main 0 1',
      'expired main 2',
      'returned main 0 1',
      'lapsed main 3',
      'returned main 0 1',
    ]);
  });

  it('tells of those who were away and came back, and where they stand then', async () => {
    await fixture.configure({ admitPerMinute: 0 });
    const [first = '', second = '', third = ''] = visitors(3);
    await fixture.room.join(saleId, visitors(3).map(newcomer));
    await pass(180, [ticket(third, 3)]);
    await fixture.room.look(saleId, [ticket(second, 2)]);
    await fixture.configure({ admitPerMinute: 60 });
    await pass(1, [ticket(third, 3)]);
    await fixture.room.look(saleId, [ticket(first, 1)]);
    await pass(2, [ticket(first, 1), ticket(third, 3)]);
    const lines = await linesAfter(0);
    expect(lines.map(told).slice(3)).toEqual([
      'opened main 0',
      'away main 1',
      'away main 2',
      'back main 2 0',
      'admitted main 2 1',
      'back main 1 2.5',
      'admitted main 1 1',
      'admitted main 3 1',
    ]);
    expect(inversions(lines)).toBe(0);
  });

  it('tells that somebody is away before it tells who was let in over their head', async () => {
    await fixture.configure({ admitPerMinute: 0 });
    // More are gone at once than one step takes out of the line.
    const names = visitors(1_600);
    for (let from = 0; from < 1_600; from += 800) {
      await fixture.room.join(saleId, names.slice(from, from + 800).map(newcomer));
    }
    const there = names.slice(1_500).map((name, i) => ticket(name, 1_501 + i));
    for (let i = 0; i < 6; i += 1) {
      await fixture.pass(29_000);
      await fixture.room.look(saleId, there);
      if (i < 5) await fixture.room.advance(saleId, 0);
    }
    await fixture.configure({ admitPerMinute: 600_000 });
    await pass(3, there);
    const lines: LogLine[] = [];
    for (let more = await linesAfter(0); more.length > 0; ) {
      lines.push(...more);
      more = await linesAfter(lines.at(-1)?.seq ?? 0);
    }
    const count = (kind: string) => lines.filter((line) => line.kind === kind).length;
    expect({ away: count('away'), admitted: count('admitted') }).toEqual({
      away: 1_500,
      admitted: 100,
    });
    expect(inversions(lines)).toBe(0);
  });

  it('tells of revoked places, and of those in a revoked range, before others are let in', async () => {
    await fixture.room.join(saleId, visitors(6).map(newcomer));
    const [one = ''] = visitors(1);
    const revocations = [
      { id: 'r1', visitor: one, to: 1 },
      { id: 'r2', from: 2, to: 4 },
    ];
    await fixture.configure({ revocations: JSON.stringify(revocations) });
    await pass(2);
    const lines = await linesAfter(6);
    expect(lines.map(told)).toEqual([
      'revoked main 1',
      'opened main 0',
      'revoked main 2',
      'revoked main 3',
      'revoked main 4',
      'admitted main 5 1',
      'admitted main 6 1',
    ]);
  });

  it('keeps the pass of a join, and whose it was, apart from what is public', async () => {
    await fixture.room.join(saleId, [newcomer('plain'), { ...newcomer('guest'), pass: 'pass-1' }]);
    const records = await recordsAfter(0);
    expect(records.map(({ line }) => told(line))).toEqual(['joined main 1', 'joined priority 2']);
    const at = fixture.now();
    expect(records.map(({ spentPass }) => spentPass)).toEqual([
      null,
      { passId: 'pass-1', visitor: 'guest', number: 2, at },
    ]);
    expect(records.map(({ line }) => lineText(line)).join()).not.toMatch(/pass-1|guest/);
  });

  it('tells of a place that moves into the priority lane: left in one, joined in the other', async () => {
    await fixture.room.join(saleId, visitors(2).map(newcomer));
    const [mover = '', stays = ''] = visitors(2);
    await fixture.room.join(saleId, [{ ...ticket(mover, 1), pass: 'pass-1' }]);
    await pass(2);
    const lines = (await recordsAfter(0)).map(({ line }) => line);
    expect(lines.map(told).slice(2)).toEqual([
      'left main 1',
      'joined priority 3',
      'opened main 0',
      'admitted main 2 1',
      'admitted priority 3 1',
    ]);
    expect(stays).not.toBe(mover);
  });

  it('has the end of the lobby in it once, with how many numbers had been given out', async () => {
    await fixture.redis.flushall();
    const more = { mode: 'lottery', phase: 'scheduled', startsAt: fixture.now() + 5_000 };
    await fixture.begin({}, more);
    await fixture.room.join(saleId, visitors(3).map(newcomer));
    await pass(4);
    expect((await linesAfter(0)).map(told)).toHaveLength(3);
    await pass(3);
    const closing = { lobbyLast: 3, lobbySeq: 4, drawn: false };
    expect((await fixture.room.figures(saleId))?.draw).toEqual(closing);
    const draw = { key: 'ab'.repeat(32), entrants: 3, secret: '', lobbyHead: '', randomness: '' };
    await fixture.room.draw(saleId, draw);
    const lines = await linesAfter(0);
    expect(lines.map(told).slice(3)).toEqual([
      'closed-lobby main 0 3',
      'opened main 0',
      'drawn main 0 3',
    ]);
    expect(lines[3]?.seq).toBe(4);
  });

  it('has no holes: each record is the next, and bears the time at which it happened', async () => {
    await fixture.configure({ admitPerMinute: 6_000 });
    const begun = fixture.now();
    for (let i = 0; i < 20; i += 1) {
      await fixture.room.join(saleId, visitors(30, `g${i}-`).map(newcomer));
      await pass(1);
    }
    const lines = await linesAfter(0);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1));
    expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(lines[0]?.at).toBe(begun);
    expect(lines.at(-1)?.at).toBe(fixture.now());
    expect(inversions(lines)).toBe(0);
  });

  it('forgets what is acknowledged and nothing else, and gives the same again until then', async () => {
    await fixture.room.join(saleId, visitors(2_500).slice(0, 1_000).map(newcomer));
    await fixture.room.join(saleId, visitors(2_500).slice(1_000).map(newcomer));
    const first = await fixture.room.log(saleId, 0, 2_000);
    expect(first.records).toHaveLength(2_000);
    expect(await fixture.room.log(saleId, 0, 2_000)).toEqual(first);
    const rest = await recordsAfter(1_999);
    expect(rest.map(({ line }) => line.seq)[0]).toBe(2_000);
    expect(rest).toHaveLength(501);
    expect(await fixture.redis.llen(roomKey(saleId, 'log'))).toBe(1);
    expect(await recordsAfter(2_500)).toEqual([]);
    expect(await fixture.redis.exists(roomKey(saleId, 'log'))).toBe(0);
  });

  it('jumps where Redis began anew from what it had saved, and a line says so', async () => {
    await fixture.room.join(saleId, visitors(2).map(newcomer));
    await fixture.room.advance(saleId, 0);
    await fixture.redis.set(testRunKey, 'second');
    const [left = '', looks = ''] = visitors(2);
    // Whatever comes first after it.
    expect(await fixture.room.leave(saleId, ticket(left, 1))).toBe('left');
    await fixture.room.look(saleId, [ticket(looks, 2), ticket('lost', 3)]);
    await fixture.room.advance(saleId, 0);
    const lines = await linesAfter(0);
    const jump = lines.findIndex(({ seq }, i) => seq !== i + 1);
    expect(lines.slice(jump).map(told)).toEqual([
      'recovered main 0 1',
      'left main 1',
      'back main 3 0',
    ]);
    expect(lines[jump]?.seq).toBeGreaterThan(1_000_000);
    expect(lines.slice(jump).map(({ seq }) => seq)).toEqual(
      [0, 1, 2].map((i) => i + (lines[jump]?.seq ?? 0)),
    );
  });

  it('goes on above a room that was lost, with a line that says so', async () => {
    await fixture.room.join(saleId, visitors(2).map(newcomer));
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_002, logSeq: 1_000_002, epoch: 3 });
    const [first = ''] = visitors(1);
    await fixture.room.look(saleId, [ticket(first, 1)]);
    const lines = await linesAfter(2);
    expect(lines.map(told)).toEqual(['recovered main 0 3', 'back main 1 0']);
    expect(lines.map(({ seq }) => seq)).toEqual([1_000_003, 1_000_004]);
  });

  it('ends the standing of who is found to have bought in a room that was lost', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_002, logSeq: 1_000_002, epoch: 1 });
    const [bought = '', lapsed = '', waits = ''] = visitors(3);
    const tickets = [ticket(bought, 1), ticket(lapsed, 2), ticket(waits, 3)];
    // They polled before the room was told of their tokens.
    await fixture.room.look(saleId, tickets);
    await fixture.room.remember(saleId, [
      { visitor: bought, number: 1, jti: 'jti-1', state: 'done', ordinal: 1 },
      { visitor: lapsed, number: 2, jti: 'jti-2', state: 'expired', ordinal: 1 },
    ]);
    await pass(14, tickets);
    const lines = await linesAfter(1_000_003);
    expect(lines.map(told).slice(3)).toEqual([
      'spent main 1',
      'expired main 2',
      'opened main 0',
      'admitted main 3 1',
    ]);
    expect(inversions(lines)).toBe(0);
  });
});
