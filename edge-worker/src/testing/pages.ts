import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '@fairgate/shared/clock.ts';
import type { Place } from '@fairgate/shared/place.ts';
import { type Preview, previewStates } from '@fairgate/shared/preview/preview.ts';
import { problems } from '@fairgate/shared/problem.ts';
import { type PublicSale, saleModes } from '@fairgate/shared/sale.ts';
import type { Language } from '@fairgate/shared/words/languages.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { previewOf } from '../domain/preview.ts';
import { makeAssets, type ScriptName } from '../pages/assets.ts';
import { cataloguePage } from '../pages/catalogue-page.ts';
import type { EdgePage } from '../pages/edge-page.ts';
import { errorPage, type Refused } from '../pages/error-page.ts';
import { plainLook } from '../pages/look.ts';
import { salePage } from '../pages/sale-page.ts';

/** For tests: every page of the edge in every state that it can be in, in one language. */
export type Scene = { name: string; page: EdgePage };

const built = join(import.meta.dirname, '../../dist/pages');
/** As `npm run pages` made it. */
export const scriptText = (name: ScriptName): string =>
  readFileSync(join(built, `${name}.txt`), 'utf8');
const assets = makeAssets({
  'sale.js': scriptText('sale.js'),
  'catalogue.js': scriptText('catalogue.js'),
  'tells.js': scriptText('tells.js'),
  'refusals.js': scriptText('refusals.js'),
  'challenge.js': scriptText('challenge.js'),
  'pow.js': scriptText('pow.js'),
  'timer.js': scriptText('timer.js'),
});

const now = Date.parse('2030-06-01T12:00:00Z');
const product = {
  id: 'prod_1',
  name: 'Concert, standing',
  description: 'Doors open at seven. No bags, please.',
  imageUrl: 'https://shop.example/a.webp',
  total: 1_500,
  priceMinor: 123_450,
  currency: 'EUR',
};
const preview = (mode: PublicSale['mode']): Preview => ({
  info: {
    id: 'sale_01j9z3k5x7n2p4q6r8s0t1v3w5',
    name: 'An evening by the sea',
    mode,
    startsAt: isoTime(now + 3_725_000),
    endsAt: null,
    bindTokens: 'optional',
    challenge: 'altcha',
    challengeAt: ['join', 'token'],
    products: [product, { ...product, id: 'prod_2', imageUrl: null, total: 1 }],
  },
  free: { prod_1: 700, prod_2: 1 },
  admitPerMinute: 600,
  tokenSeconds: 120,
  message: '',
  expiresAt: now + 1_000,
  appearance: null,
});

/** What a place in line can look like beside what previews show. */
const lines: Record<string, Partial<Place>> = {
  halted: { halted: true, etaSeconds: null },
  stale: { stale: true },
  alone: { ahead: 0, behind: 0, number: 1, etaSeconds: { low: 0, high: 20 } },
  second: { ahead: 1, behind: 1, number: 2, etaSeconds: { low: 0, high: 60 } },
  third: { ahead: 2, behind: 2, number: 3, etaSeconds: { low: 60, high: 120 } },
  eleventh: { ahead: 11, behind: 3, number: 12, etaSeconds: { low: 130, high: 190 } },
  far: { ahead: 999_999, behind: 21, number: 1_000_000, etaSeconds: { low: 3_400, high: 100_000 } },
  priority: { lane: 'priority' },
  'no more': { outlook: { kind: 'sold_out', unitsLeft: 0, unitsHeld: 0 } },
  'one held': { outlook: { kind: 'unlikely', unitsLeft: 0, unitsHeld: 1 } },
  'one left': { outlook: { kind: 'unlikely', unitsLeft: 1, unitsHeld: 0 } },
  'few left': { outlook: { kind: 'unlikely', unitsLeft: 2, unitsHeld: 5 } },
  'no wait known': { etaSeconds: null },
};

export function everyPage(language: Language): Scene[] {
  const speech = speechIn(language);
  const paint = (sale: PublicSale, place: Place | null): EdgePage =>
    salePage(assets, { speech, sale, place, ticketHash: null, look: plainLook }, 'key');
  const scenes = saleModes.flatMap((mode) =>
    previewStates.map((state) => {
      const { sale, place } = previewOf(preview(mode), state, now);
      return { name: `${mode} ${state}`, page: paint(sale, place) };
    }),
  );
  const { sale, place } = previewOf(preview('fifo'), 'waiting-far', now);
  const inLine = Object.entries(lines).map(([name, changes]) => ({
    name,
    page: paint(sale, place && { ...place, ...changes }),
  }));
  const trouble = (name: string, told: Pick<Refused, 'slug' | 'isOfCheckout' | 'more'>) => {
    const shown = { requestId: 'req_1', address: '/sales/sale_1', refreshSeconds: 5, ...told };
    return { name, page: errorPage(speech, shown) };
  };
  const troubles = [
    ...Object.keys(problems).map((slug) => trouble(slug, { slug })),
    trouble('no checkout', { slug: 'unavailable', isOfCheckout: true, more: 'trouble.resend' }),
    trouble('an old browser', { slug: 'forbidden', more: 'trouble.oldBrowser' }),
  ];
  const sales = saleModes.flatMap((mode) =>
    previewStates.map((state) => previewOf(preview(mode), state, now).sale),
  );
  const lists = { items: sales, nextCursor: 'next' };
  return [
    ...scenes,
    ...inLine,
    ...troubles,
    { name: 'catalogue', page: cataloguePage(assets, speech, lists, undefined) },
    {
      name: 'empty catalogue',
      page: cataloguePage(assets, speech, { items: [], nextCursor: null }, undefined),
    },
  ];
}
