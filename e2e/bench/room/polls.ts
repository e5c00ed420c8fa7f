import { join } from 'node:path';
import { parseTicketKeys } from '@fairgate/shared/token/ticket.ts';
import { fillLine, openBenchSale, writeTickets } from './big-sale.ts';
import { median, tell } from './figures.ts';
import { type Load, type LoadWish, load } from './load.ts';
import { processorMicroseconds } from './processor-time.ts';
import { type Stand, startStand } from './stand.ts';

// Polls of people who wait, against a fixed answer of the same Worker, side by side.

const few = 1_000;
const differentTickets = 100_000;

type Row = {
  name: string;
  wish: (round: number) => LoadWish;
  loads: Load[];
  microseconds: number[];
};

export async function measurePolls(rounds: number, places: number): Promise<void> {
  const stand = await startStand();
  try {
    const rows = await rowsOf(stand, places);
    for (const row of rows) await load({ ...row.wish(0), seconds: 2 });
    for (let round = 0; round < rounds; round += 1) {
      for (const row of rows) await measure(row, round, stand.edge.pid);
    }
    const [fixed = 0, known = 0, knownOfMany = 0, different = 0] = rows.map(tellRow);
    tell('tickets verified before / fixed answer', (known / fixed).toFixed(2), '>= 0.8');
    tell('the same with many waiting', (knownOfMany / fixed).toFixed(2), '>= 0.8');
    tell(`${places} waiting / ${few} waiting`, (knownOfMany / known).toFixed(2), '0.9 to 1.1');
    tell(
      `${differentTickets} different tickets / fixed answer`,
      (different / fixed).toFixed(2),
      '>= 0.6',
    );
  } finally {
    await stand.stop();
  }
}

async function rowsOf(stand: Stand, places: number): Promise<Row[]> {
  const { edge, room, redis, folder } = stand;
  const keys = parseTicketKeys(JSON.stringify(edge.secrets.ticketKeys));
  const file = (name: string) => join(folder, name);
  const small = await openBenchSale(redis);
  const big = await openBenchSale(redis);
  writeTickets(file('small'), keys, small, await fillLine(room, small, few, few));
  const standings = await fillLine(room, big, places, differentTickets);
  writeTickets(file('different'), keys, big, standings);
  writeTickets(file('big'), keys, big, standings.slice(0, few));
  const place = (saleId: string) => `${edge.url}/api/sales/${saleId}/place`;
  const polls = (saleId: string, tickets: string) => (round: number) => ({
    url: place(saleId),
    tickets: file(tickets),
    // Each round begins where no earlier one of the last has been.
    from: tickets === 'different' ? round * 33_000 : 0,
  });
  const row = (name: string, wish: Row['wish']): Row => ({
    name,
    wish,
    loads: [],
    microseconds: [],
  });
  return [
    row('a fixed answer', () => ({ url: `${edge.url}/healthz` })),
    row(`polls, ${few} waiting, tickets verified before`, polls(small, 'small')),
    row(`polls, ${places} waiting, tickets verified before`, polls(big, 'big')),
    row(`polls, ${places} waiting, different tickets`, polls(big, 'different')),
  ];
}

/** With what the Worker used of its processor, gateways and heartbeats included. */
async function measure(row: Row, round: number, pid: number): Promise<void> {
  const wish = { seconds: 5, ...row.wish(round) };
  const before = processorMicroseconds(pid);
  const result = await load(wish);
  const used = processorMicroseconds(pid) - before;
  row.loads.push(result);
  row.microseconds.push(used / (result.perSecond * wish.seconds));
}

function tellRow({ name, loads, microseconds }: Row): number {
  const middle = (pick: (one: Load) => number) => median(loads.map(pick));
  const perSecond = middle((one) => one.perSecond);
  const p50 = middle((one) => one.p50Ms).toFixed(1);
  const p99 = middle((one) => one.p99Ms).toFixed(1);
  tell(name, `${perSecond.toFixed(0)}/s`);
  const each = median(microseconds).toFixed(0);
  console.log(`  p50 ${p50} ms, p99 ${p99} ms, ${each} µs of the Worker's processor each`);
  return perSecond;
}
