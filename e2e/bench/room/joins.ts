import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEdge } from '../../support/edge-process.ts';
import { openBenchSale, placePath, writeLines } from './big-sale.ts';
import { median, tell } from './figures.ts';
import { type Load, load } from './load.ts';
import { type Stand, startStand } from './stand.ts';

// Joins of newcomers over HTTP, against the same hop to a Durable Object that does nothing.

const connections = 96;

/** In one sale on one Redis, or in eight on a cluster of three masters. */
export async function measureJoins(kind: 'one' | 'cluster', rounds: number): Promise<void> {
  const stand = await startStand(kind);
  const bundleFolder = join(stand.folder, 'hop');
  mkdirSync(bundleFolder);
  copyFileSync(join(import.meta.dirname, 'hop-worker.js'), join(bundleFolder, 'index.js'));
  const hop = await startEdge({ redisUrl: 'redis://127.0.0.1:1', bundleFolder });
  const joins: Load[] = [];
  const hops: Load[] = [];
  const sizes: number[] = [];
  try {
    const sales = await openSales(stand, kind === 'one' ? 1 : 8);
    const lines = join(stand.folder, 'joins');
    writeLines(
      lines,
      sales.map((saleId) => `- ${placePath(saleId)}`),
    );
    const wish = (url: string) => ({ url, method: 'POST', connections, lines }) as const;
    for (const url of [hop.url, stand.edge.url]) await load({ ...wish(url), seconds: 2 });
    for (let round = 0; round < rounds; round += 1) {
      hops.push(await load(wish(hop.url)));
      const before = await joinedIn(stand, sales);
      await Promise.all(stand.servers.map((server) => server.config('RESETSTAT')));
      joins.push(await load(wish(stand.edge.url)));
      const calls = await Promise.all(stand.servers.map(scriptCalls));
      const joined = (await joinedIn(stand, sales)) - before;
      sizes.push(joined / calls.reduce((sum, count) => sum + count, 0));
    }
    const [a, b] = [tellJoins('joins', joins), tellJoins('the hop alone', hops)];
    tell('joins / the hop alone', (a / b).toFixed(2), '>= 0.6');
    tell('joins for each script call to Redis, advances counted', median(sizes).toFixed(1));
  } finally {
    await hop.stop();
    await stand.stop();
  }
}

async function openSales({ redis }: Stand, count: number): Promise<string[]> {
  const sales: string[] = [];
  while (sales.length < count) sales.push(await openBenchSale(redis));
  return sales;
}

async function joinedIn({ room }: Stand, sales: readonly string[]): Promise<number> {
  const figures = await Promise.all(sales.map((saleId) => room.figures(saleId)));
  return figures.reduce((sum, one) => sum + (one?.joinedTotal ?? 0), 0);
}

async function scriptCalls(redis: { info(section: string): Promise<string> }): Promise<number> {
  const commands = await redis.info('commandstats');
  return Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(commands)?.[1]);
}

function tellJoins(name: string, loads: readonly Load[]): number {
  const perSecond = median(loads.map((one) => one.perSecond));
  tell(name, `${perSecond.toFixed(0)}/s`);
  const p99 = median(loads.map((one) => one.p99Ms)).toFixed(1);
  console.log(`  p50 ${median(loads.map((one) => one.p50Ms)).toFixed(1)} ms, p99 ${p99} ms`);
  return perSecond;
}
