import { permutation } from '../draw/permutation.ts';
import { type LogLine, parseRecord } from '../log/record.ts';
import type { Lane } from '../place.ts';
import { type LookQuestion, newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';

/** For tests: a room whose lobby is open, and that begins a minute later. */
export type LotteryFixture = RoomFixture & {
  /** Joins that many visitors, and returns them. */
  fill(count: number, lane?: Lane, prefix?: string): Promise<string[]>;
  /** The moment at which the sale may begin. */
  start(): Promise<void>;
  /** Returns how many steps it took. `between`: what happens after each of them but the last. */
  drawAll(entrants: number, between?: () => Promise<void>, key?: string): Promise<number>;
  /** The log from its beginning, read and forgotten. */
  readLog(): Promise<LogLine[]>;
  /** Numbers in the order in which the log says that they were let in. */
  admitted(): Promise<number[]>;
  letAllIn(seconds?: number): Promise<void>;
};

export const testKey = 'c0ffee00'.repeat(8);

/** Takes over the database behind the URL. */
export async function lotteryFixture(redisUrl: string): Promise<LotteryFixture> {
  const lottery = { mode: 'lottery', phase: 'scheduled', units: 100_000 };
  const fixture = await roomFixture(redisUrl, lottery);
  const { room } = fixture;
  await fixture.configure({ startsAt: fixture.now() + 60_000 });
  const readLog = async () => {
    const lines: LogLine[] = [];
    for (;;) {
      const { records } = await room.log(saleId, lines.at(-1)?.seq ?? 0, 2_000);
      if (records.length === 0) return lines;
      lines.push(...records.map((raw) => parseRecord(raw).line));
    }
  };
  return {
    ...fixture,
    async fill(count, lane = 'main', prefix = 'v') {
      const names = visitors(count, prefix);
      const pass = (name: string) => (lane === 'priority' ? { pass: `pass-${name}` } : {});
      for (let from = 0; from < count; from += 1_000) {
        const some = names.slice(from, from + 1_000);
        await room.join(
          saleId,
          some.map((name) => ({ ...newcomer(name), ...pass(name) })),
        );
      }
      return names;
    },
    async start() {
      await fixture.pass(60_000);
      await room.advance(saleId, 0);
    },
    async drawAll(entrants, between = async () => {}, key = testKey) {
      for (let steps = 1; ; steps += 1) {
        if ((await room.draw(saleId, finished(entrants, key))) !== 'more') return steps;
        await between();
      }
    },
    readLog,
    admitted: async () => admittedIn(await readLog(), 'main'),
    async letAllIn(seconds = 1) {
      for (let i = 0; i < seconds; i += 1) {
        await fixture.pass(1_000);
        await room.advance(saleId, 0);
      }
    },
  };
}

export function finished(entrants: number, key = testKey) {
  return { key, entrants, secret: '', lobbyHead: '', randomness: '' };
}

export function admittedIn(lines: readonly LogLine[], lane: Lane): number[] {
  return lines
    .filter((line) => line.kind === 'admitted' && line.lane === lane)
    .map((line) => line.number);
}

/** As the permutation says: what the room's own is held against. */
export function numbersByRank(entrants: number, key = testKey): number[] {
  const { numberAt } = permutation(key, entrants);
  return Array.from({ length: entrants }, (_, i) => numberAt(i + 1));
}

export function ticketOf(visitor: string, number: number): LookQuestion {
  return { visitor, number, ordinal: 1 };
}
