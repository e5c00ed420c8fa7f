import { Redis } from 'ioredis';
import { clockedScripts, testClockKey } from './clocked-scripts.ts';
import { redisRoom } from './redis-room.ts';
import type { Room, RoomBeginning, RoomFields, SettleReport } from './room.ts';
import { leaseForGood, noBeginning } from './test-rooms.ts';

/** A room on a real Redis whose clock the test moves. */
export type RoomFixture = {
  redis: Redis;
  room: Room;
  now(): number;
  /** Moves the clock on by ms. */
  pass(ms: number): Promise<void>;
  configure(changes?: Partial<RoomFields>): Promise<void>;
  /** Makes the room anew, as after a Redis that was emptied. */
  begin(start: Partial<RoomBeginning>, changes?: Partial<RoomFields>): Promise<void>;
};

export const saleId = 'sale_test';
const startMs = Date.parse('2026-06-01T12:00:00Z');

function fieldsOf(changes: Partial<RoomFields>): RoomFields {
  const info = {
    id: saleId,
    name: 'Test',
    mode: 'fifo',
    startsAt: new Date(startMs).toISOString(),
    endsAt: null,
    products: [],
  };
  return {
    name: 'Test',
    mode: 'fifo',
    phase: 'open',
    startsAt: startMs,
    endsAt: 0,
    info: JSON.stringify(info),
    units: 1_000,
    admitPerMinute: 600_000,
    maxActive: 1_000_000,
    tokenSeconds: 60,
    abandonSeconds: 120,
    lobbySeconds: 900,
    maxUnitsPerShopper: 1,
    guaranteeStock: 1,
    message: '',
    placesPerAddress: 0,
    priorityShare: 0.5,
    revocations: '[]',
    ...changes,
  };
}

/**
 * Takes over the database behind the URL, which must be the test's own. `leased`: admits as if a
 * checkout could always commit; otherwise the test gives the leases.
 */
export async function roomFixture(
  redisUrl: string,
  changes: Partial<RoomFields> = {},
  leased = true,
): Promise<RoomFixture> {
  const redis = new Redis(redisUrl);
  const room = redisRoom(redis, clockedScripts());
  let now = startMs;
  let revision = 0;
  let fields = fieldsOf(changes);
  const setClock = async () => {
    await redis.set(testClockKey, now);
  };
  const begin = async (start: Partial<RoomBeginning>, more: Partial<RoomFields> = {}) => {
    fields = { ...fields, ...more };
    revision += 1;
    await setClock();
    const beginning = { ...noBeginning, free: fields.units, ...start };
    const made = await room.configure(saleId, revision, fields, beginning);
    if (made === 'created' && leased) await leaseForGood(redis, saleId);
    const { units } = fields;
    const counts = [{ productId: 'prod_test', free: units, held: 0, sold: 0 }];
    await room.picture(saleId, revision, counts);
  };
  await begin({});
  return {
    redis,
    room,
    now: () => now,
    async pass(ms) {
      now += ms;
      await setClock();
    },
    configure: (more = {}) => begin({}, more),
    begin,
  };
}

export function visitors(count: number, prefix = 'v'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1).padStart(6, '0')}`);
}

export function report(changes: Partial<SettleReport> & Pick<SettleReport, 'kind' | 'jti'>) {
  return {
    seq: 1,
    visitor: '',
    number: 1,
    max: 1,
    taken: 1,
    returned: 0,
    payBefore: startMs + 300_000,
    ...changes,
  } satisfies SettleReport;
}
