import { newcomer } from '@fairgate/shared/room/room.ts';
import postgres from 'postgres';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { eventsOf, testEvents } from '../../test/events.ts';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';
import { dayOf } from '../domain/event-days.ts';

const dayMs = 86_400_000;

let service: Service;
let saleId: string;
beforeEach(async () => {
  service = await testService();
  const sale = { startsAt: iso(startMs), publish: true, room: { admitPerMinute: 0 } };
  ({ saleId } = await aSale(service, sale));
});

const days = async () => {
  const rows = await service.database.sql`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'events'::regclass order by 1`;
  return rows.map(({ name }) => String(name).replace(/^events_(....)(..)(..)$/, '$1-$2-$3'));
};
const daysFrom = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => dayOf(startMs + (from + i) * dayMs));
const join = async (visitor: string) => {
  await service.room.join(saleId, [newcomer(visitor)]);
  await service.keepLogs();
};

test('days are made ahead by several instances at once, and dropped after the last that is kept', async () => {
  const instances = Array.from({ length: 3 }, () => testEvents(service, { keptDays: 3 }));
  await Promise.all(instances.map((one) => one.keepDays()));
  expect(await days()).toEqual(daysFrom(-1, 3));
  await join('early');
  await instances[0]?.write();
  await service.pass(3 * dayMs);
  await join('late');
  await instances[0]?.write();
  expect(await eventsOf(service, saleId)).toHaveLength(2);
  await Promise.all(instances.map((one) => one.keepDays()));
  expect(await days()).toEqual(daysFrom(1, 6));
  expect((await eventsOf(service, saleId)).map(({ number }) => number)).toEqual([2]);
});

test('a day that is missing is made for the events that need it, also for those that come late', async () => {
  await join('a');
  await service.pass(5 * dayMs);
  await join('b');
  const instances = [testEvents(service), testEvents(service)];
  await Promise.all(instances.map((one) => one.write()));
  expect(await days()).toEqual([...daysFrom(0, 0), ...daysFrom(5, 5)]);
  expect(await eventsOf(service, saleId)).toHaveLength(2);
});

test('events of days that are kept no longer are not written', async () => {
  await join('old');
  await service.pass(5 * dayMs);
  await join('new');
  await testEvents(service, { keptDays: 3 }).write();
  expect((await eventsOf(service, saleId)).map(({ number }) => number)).toEqual([2]);
});

test('a long look by an analyst keeps no day from being made, and an old one only until it ends', async () => {
  const events = testEvents(service, { keptDays: 3 });
  await events.keepDays();
  const analyst = postgres(service.databaseUrl, { max: 1, onnotice: () => {} });
  onTestFinished(() => analyst.end({ timeout: 1 }));
  await analyst`begin`;
  await analyst`select count(*) from events`;
  await service.pass(5 * dayMs);
  await expect(events.keepDays()).rejects.toThrow(/lock timeout/);
  await join('a');
  await events.write();
  expect(await days()).toEqual(expect.arrayContaining(daysFrom(4, 8)));
  expect(await eventsOf(service, saleId)).toHaveLength(1);
  await analyst`commit`;
  await events.keepDays();
  expect(await days()).toEqual(daysFrom(3, 8));
});
