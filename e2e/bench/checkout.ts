import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { buildPages } from '../../scripts/pages/build.ts';
import {
  type BenchServer,
  benchOrigin,
  startBareServer,
  startCheckout,
  writeClaims,
} from './checkout/programs.ts';
import { benchShoppers } from './checkout/shoppers.ts';
import { type BenchStores, startBenchStores } from './checkout/stores.ts';
import { fullSpeed, type Load, steadyRate } from './checkout/wire.ts';

// `npm run bench:checkout`: redemptions over HTTP by bound tokens, each durable when it is answered,
// against what bounds them, side by side on this machine, each in a process of its own:
//   (a) the checkout   (b) a server that checks the same two signatures, and nothing else
//   (c) the same batches straight into Postgres   (d) one transaction for each redemption
// Prints medians of the rounds, and their ratios. `--help` shows the options.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** Redemptions of a round; proofs are good for a minute, so there is a bound to it. */
    requests: { type: 'string', default: '6000' },
    connections: { type: 'string', default: '200' },
    /** Bearer tokens without proofs. */
    unbound: { type: 'boolean', default: false },
    /** Node writes a CPU profile of the checkout there. */
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('--rounds 3 --requests 6000 --connections 200 --unbound --profile FOLDER');
  process.exit(0);
}
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const connections = Number(values.connections);
/** What FACTS for this machine's kind gave the best single transactions. */
const singleLanes = 8;
const lanes = 2;
/** Before it counts, so that code is compiled and statements are planned. */
const warmUp = 1_500;
const steadyShare = 0.7;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function tell(name: string, loads: readonly Load[]): number {
  const perSecond = median(loads.map((load) => load.perSecond));
  const p50 = median(loads.map((load) => load.p50Ms)).toFixed(1);
  const p99 = median(loads.map((load) => load.p99Ms)).toFixed(1);
  console.log(
    `${name.padEnd(34)} ${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50} ms   p99 ${p99} ms`,
  );
  return perSecond;
}

/** The mean size of the batches that the checkout made, by its own metrics. */
async function batchSizeOf(server: BenchServer): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(page)?.[1]);
  const [sum, count] = ['sum', 'count'].map((part) => read(`fairgate_claim_batch_size_${part}`));
  return Math.max(1, Math.round((sum ?? 0) / (count ?? 1)));
}

async function run(stores: BenchStores): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench' }] });
  const units = (rounds + 1) * (requests * 2 + warmUp * 2);
  const sale = await stores.makeSale('bench_http', units);
  const direct = await stores.makeSale('bench_direct', units);
  const bound = !values.unbound;
  const signer = { kid: 'bench', key: privateKey };
  const shoppers = benchShoppers({
    signer,
    origin: benchOrigin,
    ...sale,
    bound,
    keyCount: requests,
  });
  const loads = { a: [] as Load[], b: [] as Load[], c: [] as Load[], d: [] as Load[] };
  const steady: Load[] = [];
  const flags = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  const load = async (server: BenchServer) => {
    await fullSpeed(server.port, await shoppers.requests(warmUp), connections);
    return await fullSpeed(server.port, await shoppers.requests(requests), connections);
  };

  for (let round = 0; round < rounds; round += 1) {
    const checkout = await startCheckout(sale, stores.redisUrl, jwks, flags);
    const whole = await load(checkout);
    const batchSize = await batchSizeOf(checkout);
    await stores.settled(sale);
    const due = Math.min(requests, Math.round(whole.perSecond * steadyShare * 4));
    const rate = whole.perSecond * steadyShare;
    const calm = await steadyRate(
      checkout.port,
      await shoppers.requests(due),
      rate,
      connections * 4,
    );
    await stores.settled(sale);
    await checkout.stop();
    const bare = await startBareServer(jwks);
    const signatures = await load(bare);
    await bare.stop();
    const batches = await written(direct, { batchSize, lanes, count: requests });
    const singly = await written(direct, { batchSize: 1, lanes: singleLanes, count: warmUp });
    console.log(`round ${round + 1}: mean batch ${batchSize}`);
    loads.a.push(whole);
    loads.b.push(signatures);
    loads.c.push(batches);
    loads.d.push(singly);
    steady.push(calm);
  }

  const a = tell('(a) redemptions over HTTP', loads.a);
  const b = tell('(b) the two signatures alone', loads.b);
  const c = tell('(c) batches straight to Postgres', loads.c);
  const d = tell('(d) one transaction each', loads.d);
  tell('(a) at 70 % of its peak', steady);
  console.log(`a / min(b, c)  ${(a / Math.min(b, c)).toFixed(2)}   (aim 0.7 or more)`);
  console.log(`c / d          ${(c / d).toFixed(2)}   (aim 3 or more)`);
}

async function written(...args: Parameters<typeof writeClaims>): Promise<Load> {
  const { seconds, tookMs } = await writeClaims(...args);
  const sorted = tookMs.toSorted((x, y) => x - y);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond: args[1].count / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

// The checkout starts with the scripts of its pages.
await buildPages();
const stores = await startBenchStores();
try {
  await run(stores);
} finally {
  await stores.stop();
}
