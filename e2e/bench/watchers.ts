import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import { parseTicketKeys } from '@fairgate/shared/token/ticket.ts';
import { Redis } from 'ioredis';
import { exportJWK, generateKeyPair } from 'jose';
import { startQueueService } from '../faults/queue-process.ts';
import { startEdge } from '../support/edge-process.ts';
import { benchOrigin, startCheckout } from './checkout/programs.ts';
import { benchShoppers } from './checkout/shoppers.ts';
import { startBenchStores } from './checkout/stores.ts';
import { fullSpeed } from './checkout/wire.ts';
import { fillLine, ticketLines, writeLines } from './room/big-sale.ts';
import { median, tell } from './room/figures.ts';
import { load } from './room/load.ts';
import { processorMicroseconds } from './room/processor-time.ts';
import { type CrowdReport, startWatching } from './watchers/watching.ts';

// `npm run bench:watchers`: what watching a sale costs its shoppers. Polls at the edge, and
// redemptions at a checkout, as fast as they go, while nobody watches, and while 500 watch the
// stream and 20 admins change the settings, each every two seconds; by turns, with the order changed
// each round. Everything runs on this machine, those who watch too. `--help` shows the options.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    watchers: { type: 'string', default: '500' },
    admins: { type: 'string', default: '20' },
    changeEveryMs: { type: 'string', default: '2000' },
    /** Redemptions of a round; proofs are good for a minute, so there is a bound to it. */
    requests: { type: 'string', default: '3000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('--rounds 5 --watchers 500 --admins 20 --changeEveryMs 2000 --requests 3000');
  process.exit(0);
}
const rounds = Number(values.rounds);
const requests = Number(values.requests);
/** Before it counts, so that code is compiled and statements are planned. */
const warmUp = 500;
const waiting = 1_000;
const connections = 100;

/** A load as fast as it goes, and what its server used of the processor for each request. */
type Served = { perSecond: number; microseconds: number };
type Figures = Record<'polls' | 'redemptions', Served> & {
  /** Of a processor, while the redemptions were made. */
  serviceShare: number;
};

const ends: (() => Promise<unknown>)[] = [];

/** Stores, edge, checkout, queue service, and a sale that lets nobody in, with a line. */
async function startAll() {
  const stores = await startBenchStores();
  ends.unshift(stores.stop);
  const { redisUrl } = stores;
  const sale = await stores.makeSale('bench_watchers', (2 * rounds + 1) * (requests + warmUp));
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench' }] });
  const checkout = await startCheckout(sale, redisUrl, jwks, []);
  ends.unshift(checkout.stop);
  const checkoutUrl = `http://127.0.0.1:${checkout.port}`;
  const service = await startQueueService(
    {
      redisUrl,
      all: [{ url: checkoutUrl }],
      secrets: { internal: 'the-internal-key-of-the-benchmark-0123', notice: 'n'.repeat(43) },
    },
    { databaseUrl: sale.databaseUrl, logLevel: 'warn' },
  );
  ends.unshift(service.stop);
  const edge = await startEdge({ redisUrl });
  ends.unshift(edge.stop);
  const signer = { kid: 'bench', key: privateKey };
  const keyCount = requests;
  const shoppers = benchShoppers({ signer, origin: benchOrigin, ...sale, bound: true, keyCount });
  await setRoom(service, sale.saleId, { admitPerMinute: 0, abandonSeconds: 600 });
  const lines = await makeLine(redisUrl, edge, sale.saleId);
  return { stores, sale, checkout, service, edge, shoppers, lines };
}

type Stand = Awaited<ReturnType<typeof startAll>>;

async function setRoom({ url, adminKey }: Stand['service'], saleId: string, room: object) {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const init = { method: 'PATCH', headers, body: JSON.stringify(room) };
  const answer = await fetch(`${url}/v1/sales/${saleId}/room`, init);
  if (answer.status !== 200) throw new Error(`the settings were answered ${answer.status}`);
}

async function makeLine(redisUrl: string, { secrets }: Stand['edge'], saleId: string) {
  const redis = new Redis(redisUrl);
  const standings = await fillLine(redisRoom(redis, nodeScripts()), saleId, waiting, waiting);
  redis.disconnect();
  const keys = parseTicketKeys(JSON.stringify(secrets.ticketKeys));
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
  ends.unshift(async () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'tickets');
  writeLines(file, ticketLines(keys, saleId, standings));
  return file;
}

async function measure(stand: Stand): Promise<Figures> {
  const { edge, checkout, service, shoppers, stores, sale, lines } = stand;
  await load({ url: edge.url, lines, seconds: 1 });
  const polls = await served(edge.pid, () => load({ url: edge.url, lines, seconds: 5 }));
  await fullSpeed(checkout.port, await shoppers.requests(warmUp), connections);
  const ready = await shoppers.requests(requests);
  const before = processorMicroseconds(service.pid());
  const startedMs = performance.now();
  const redemptions = await served(checkout.pid, () =>
    fullSpeed(checkout.port, ready, connections),
  );
  const used = processorMicroseconds(service.pid()) - before;
  const serviceShare = used / 1_000 / (performance.now() - startedMs);
  await stores.settled(sale);
  return { polls, redemptions, serviceShare };
}

async function served(pid: number, send: () => Promise<{ perSecond: number }>): Promise<Served> {
  const before = processorMicroseconds(pid);
  const startedMs = performance.now();
  const { perSecond } = await send();
  const count = (perSecond * (performance.now() - startedMs)) / 1_000;
  return { perSecond, microseconds: (processorMicroseconds(pid) - before) / count };
}

async function measureWatched(stand: Stand, reports: CrowdReport[]): Promise<Figures> {
  const { service, sale } = stand;
  const crowd = await startWatching({
    controlUrl: service.url,
    key: service.adminKey,
    saleId: sale.saleId,
    watchers: Number(values.watchers),
    admins: Number(values.admins),
    changeEveryMs: Number(values.changeEveryMs),
  });
  try {
    return await measure(stand);
  } finally {
    reports.push(await crowd.stop());
  }
}

async function run(): Promise<void> {
  const stand = await startAll();
  const alone: Figures[] = [];
  const watched: Figures[] = [];
  const reports: CrowdReport[] = [];
  await measure(stand);
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => void alone.push(await measure(stand)),
      async () => void watched.push(await measureWatched(stand, reports)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  for (const name of ['polls', 'redemptions'] as const) tellBoth(name, alone, watched);
  const share = (all: Figures[]) => median(all.map((one) => one.serviceShare)) * 100;
  tell('the queue service, nobody watches', `${share(alone).toFixed(0)} % of a CPU`);
  tell('the queue service, watched', `${share(watched).toFixed(0)} % of a CPU`);
  const each = (pick: (one: CrowdReport) => number) =>
    median(reports.map((r) => pick(r) / r.seconds));
  const events = each((one) => one.events / Number(values.watchers));
  tell('events a second and watcher', events.toFixed(2), '1.0');
  tell('changes a second', each((one) => one.changes).toFixed(1));
  const failed = reports.reduce((sum, { ended, refused }) => sum + ended + refused, 0);
  tell('streams that ended, and changes that were refused', `${failed}`, '0');
}

function tellBoth(name: 'polls' | 'redemptions', alone: Figures[], watched: Figures[]): void {
  const middle = (all: Figures[]) => ({
    perSecond: median(all.map((one) => one[name].perSecond)),
    microseconds: median(all.map((one) => one[name].microseconds)),
  });
  const [before, after] = [middle(alone), middle(watched)];
  tell(`${name}, nobody watches`, `${before.perSecond.toFixed(0)}/s`);
  tell(
    `${name}, ${values.watchers} watch, ${values.admins} change`,
    `${after.perSecond.toFixed(0)}/s`,
  );
  tell(`${name}, ratio`, (after.perSecond / before.perSecond).toFixed(2), '>= 0.9');
  const each = `${before.microseconds.toFixed(0)} µs, ${after.microseconds.toFixed(0)} µs`;
  console.log(`  of their server's processor each: ${each}`);
}

try {
  await run();
} finally {
  for (const end of ends) await end();
}
