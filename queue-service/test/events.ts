import { blockedCounts } from '../src/adapters/blocked-counts.ts';
import { eventStore } from '../src/adapters/postgres/event-store.ts';
import type { EventStore } from '../src/app/event-ports.ts';
import { type Events, eventKeeper } from '../src/app/events.ts';
import { type Service, silent } from './fixture.ts';

/** An instance of the service's events, as its timers run it; `changes` are the test's. */
export function testEvents(
  service: Pick<Service, 'database' | 'redis' | 'clock'>,
  { keptDays = 30, ...changes }: Partial<EventStore> & { keptDays?: number } = {},
): Events {
  return eventKeeper({
    store: { ...eventStore(service.database.sql), ...changes },
    blocked: blockedCounts(service.redis),
    clock: service.clock,
    keptDays,
    pause: async () => {},
    log: silent,
  });
}

export type EventRow = { kind: string; number: number | null; seq: number | null; count: number };

/** All events of a sale, in the order of their sources. */
export async function eventsOf(
  { database }: Pick<Service, 'database'>,
  saleId: string,
): Promise<EventRow[]> {
  const rows = await database.sql`
    select kind, number::int, seq::int, count from events where sale_id = ${saleId}
    order by number nulls last, seq, kind`;
  return rows.map(({ kind, number, seq, count }) => ({ kind, number, seq, count }));
}
