import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../scripts/test/stores.ts';
import { findRedis } from '../../scripts/toolchain/redis.ts';
import { type Forecast, play } from './eta/play.ts';
import { scenarios } from './eta/scenarios.ts';
import { median, tell } from './room/figures.ts';

// `npm run bench:eta`: how often the true wait fell inside the range that was shown, by how many
// stood ahead. Sales are played on the room's real scripts, with time moved by hand. The model was
// tuned on seeds 1 to 3 (`--seeds 1,2,3`); the others are for judging it.

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '11,12,13' },
    /** Part of a scenario's name; all where it is empty. */
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('--seeds 11,12,13 --only absentees');
  process.exit(0);
}

/** By people ahead: 0-9, 10-99, 100 and more. */
const buckets = [
  { name: '0-9 ahead', from: 0, to: 10 },
  { name: '10-99', from: 10, to: 100 },
  { name: '100 and more', from: 100, to: Number.POSITIVE_INFINITY },
];

const isInside = ({ range, waitedSeconds }: Forecast) =>
  waitedSeconds >= range.low && waitedSeconds <= range.high;

/** The share inside, and how wide the ranges were beside the wait. */
function shareWords(forecasts: readonly Forecast[]): string {
  if (forecasts.length === 0) return '-';
  const share = (forecasts.filter(isInside).length / forecasts.length) * 100;
  const below =
    (forecasts.filter((f) => f.waitedSeconds < f.range.low).length / forecasts.length) * 100;
  const width = median(
    forecasts.map(({ range, waitedSeconds }) => (range.high - range.low) / (waitedSeconds + 1)),
  );
  return `${share.toFixed(0)} % (${below.toFixed(0)} % sooner; width ${width.toFixed(2)} of the wait)`;
}

const folder = mkdtempSync(join(tmpdir(), 'fairgate-bench-'));
const program = await findRedis((line) => process.stderr.write(`${line}\n`));
const server = await startTestRedis(program, folder);
const redis = new Redis(server.url);
const all: Forecast[] = [];
try {
  for (const scenario of scenarios.filter(({ name }) => name.includes(values.only))) {
    const forecasts: Forecast[] = [];
    for (const seed of values.seeds.split(',')) {
      await redis.flushall();
      forecasts.push(...(await play(server.url, scenario, Number(seed))));
    }
    all.push(...forecasts);
    console.log(`${scenario.name}: ${forecasts.length} forecasts`);
    for (const { name, from, to } of buckets) {
      tell(`  ${name}`, shareWords(forecasts.filter(({ ahead }) => ahead >= from && ahead < to)));
    }
  }
  tell('all, inside the range', shareWords(all), '80 %');
} finally {
  redis.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
