import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEdge } from '../../support/edge-process.ts';
import { openBenchSale } from './big-sale.ts';
import { median, tell } from './figures.ts';
import { type Load, load } from './load.ts';
import { startStand } from './stand.ts';

// Joins of newcomers over HTTP, against the same hop to a Durable Object that does nothing.

const connections = 96;

export async function measureJoins(rounds: number): Promise<void> {
  const stand = await startStand();
  const bundleFolder = join(stand.folder, 'hop');
  mkdirSync(bundleFolder);
  copyFileSync(join(import.meta.dirname, 'hop-worker.js'), join(bundleFolder, 'index.js'));
  const hop = await startEdge({ redisUrl: stand.redisUrl, bundleFolder });
  const joins: Load[] = [];
  const hops: Load[] = [];
  const sizes: number[] = [];
  try {
    const saleId = await openBenchSale(stand.redis);
    const path = `/api/sales/${saleId}/place`;
    const wish = (url: string) => ({ url: `${url}${path}`, method: 'POST', connections }) as const;
    for (const url of [hop.url, stand.edge.url]) await load({ ...wish(url), seconds: 2 });
    for (let round = 0; round < rounds; round += 1) {
      hops.push(await load(wish(hop.url)));
      const before = (await stand.room.figures(saleId))?.joinedTotal ?? 0;
      await stand.redis.config('RESETSTAT');
      joins.push(await load(wish(stand.edge.url)));
      const calls = await scriptCalls(stand.redis);
      const joined = ((await stand.room.figures(saleId))?.joinedTotal ?? 0) - before;
      sizes.push(joined / calls);
    }
    const [a, b] = [tellJoins('joins', joins), tellJoins('the hop alone', hops)];
    tell('joins / the hop alone', (a / b).toFixed(2), '>= 0.6');
    tell('joins for each script call to Redis, advances counted', median(sizes).toFixed(1));
  } finally {
    await hop.stop();
    await stand.stop();
  }
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
