import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Language } from '@fairgate/shared/words/languages.ts';
import type { Browser } from 'playwright-core';
import { startTestRedis } from '../scripts/test/stores.ts';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';
import { findRedis } from '../scripts/toolchain/redis.ts';
import { openBrowser } from './support/browser.ts';
import { startEdge } from './support/edge-process.ts';
import { roomsIn } from './support/rooms.ts';
import type { Stage } from './support/sale-stage.ts';
import { headed, type SaleState, saleStates } from './support/sale-states.ts';

// `node scripts/run.mjs e2e/state-pictures.ts`: the sale page in each of its states, as it really is,
// on a telephone and on a desk; one of them in each direction of writing and in the dark; offline.

const folder = join(repositoryFolder, 'docs', 'images', 'sale-page');
const phone = { width: 390, height: 844 };
const desk = { width: 1_280, height: 800 };

type Wish = {
  viewport: typeof phone;
  language?: Language;
  colorScheme?: 'light' | 'dark';
  isOffline?: boolean;
  isOurFault?: boolean;
};

async function photograph(
  stage: Stage,
  browser: Browser,
  { name, heading, enter }: SaleState,
  wish: Wish,
): Promise<void> {
  const {
    viewport,
    language = 'en',
    colorScheme = 'light',
    isOffline = false,
    isOurFault = false,
  } = wish;
  const context = await browser.newContext({ viewport, locale: language, colorScheme });
  context.setDefaultTimeout(45_000);
  const page = await context.newPage();
  await enter(page, stage, language);
  await headed(page, language, heading);
  if (isOffline) {
    await context.setOffline(true);
    await page.locator('#net').waitFor();
  }
  if (isOurFault) {
    await page.route('**/place', (route) => route.fulfill({ status: 503, json: {} }));
    await page.locator('#net').waitFor();
  }
  const marks = [
    ...(viewport === desk ? ['desk'] : []),
    ...(language === 'en' ? [] : [language]),
    ...(colorScheme === 'dark' ? ['dark'] : []),
  ];
  const shown = isOffline ? 'no-connection' : isOurFault ? 'our-fault' : name;
  const file = [shown, ...marks].join('-');
  await page.screenshot({ path: join(folder, `${file}.png`) });
  await context.close();
}

mkdirSync(folder, { recursive: true });
const data = mkdtempSync(join(tmpdir(), 'fairgate-pictures-'));
const redis = await startTestRedis(await findRedis(console.log), data);
const [edge, browser] = await Promise.all([startEdge({ redisUrl: redis.url }), openBrowser()]);
const stage: Stage = { edge, rooms: roomsIn(redis.url) };
try {
  for (const state of saleStates) await photograph(stage, browser, state, { viewport: phone });
  const waiting = saleStates.find(({ name }) => name === 'waiting');
  if (waiting === undefined) throw new Error('There is no state “waiting”.');
  const wishes: Wish[] = [
    { viewport: phone, isOffline: true },
    { viewport: phone, isOurFault: true },
    { viewport: phone, colorScheme: 'dark' },
    { viewport: phone, language: 'ar' },
    { viewport: desk },
  ];
  for (const wish of wishes) await photograph(stage, browser, waiting, wish);
  console.log(`${saleStates.length + wishes.length} pictures are in ${folder}`);
} finally {
  await browser.close();
  stage.rooms.close();
  await edge.stop();
  await redis.stop();
  rmSync(data, { recursive: true, force: true });
}
process.exit();
