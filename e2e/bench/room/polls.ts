import { join } from 'node:path';
import { parseTicketKeys } from '@fairgate/shared/token/ticket.ts';
import { fillLine, openBenchSale, ticketLines, writeLines } from './big-sale.ts';
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

/** In one sale on one Redis, or in eight on a cluster of three masters. */
export async function measurePolls(
  kind: 'one' | 'cluster',
  rounds: number,
  places: number,
): Promise<void> {
  const stand = await startStand(kind);
  try {
    const rows = await rowsOf(stand, places, kind === 'one' ? 1 : 8);
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

async function rowsOf(stand: Stand, places: number, sales: number): Promise<Row[]> {
  const { edge, room, redis, folder } = stand;
  const keys = parseTicketKeys(JSON.stringify(edge.secrets.ticketKeys));
  const file = (name: string) => join(folder, name);
  const linesOf = async (inAll: number, kept: number): Promise<string[]> => {
    const each: string[][] = [];
    for (let i = 0; i < sales; i += 1) {
      const saleId = await openBenchSale(redis);
      const standings = await fillLine(room, saleId, inAll / sales, kept / sales);
      each.push(ticketLines(keys, saleId, standings));
    }
    // One of each sale in turn.
    return each[0]?.flatMap((_, n) => each.map((lines) => lines[n] ?? '')) ?? [];
  };
  writeLines(file('small'), await linesOf(few, few));
  const many = await linesOf(places, differentTickets);
  writeLines(file('different'), many);
  writeLines(file('big'), many.slice(0, few));
  const polls = (lines: string) => (round: number) => ({
    url: edge.url,
    lines: file(lines),
    // Each round begins where no earlier one of the last has been.
    from: lines === 'different' ? round * 33_000 : 0,
  });
  const row = (name: string, wish: Row['wish']): Row => ({
    name,
    wish,
    loads: [],
    microseconds: [],
  });
  return [
    row('a fixed answer', () => ({ url: `${edge.url}/healthz` })),
    row(`polls, ${few} waiting, tickets verified before`, polls('small')),
    row(`polls, ${places} waiting, tickets verified before`, polls('big')),
    row(`polls, ${places} waiting, different tickets`, polls('different')),
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
