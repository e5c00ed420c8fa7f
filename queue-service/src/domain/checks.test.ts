import { expect, test } from 'vitest';
import { type Case, checked, codes, hour, now, testEach, units } from '../../test/checked-sale.ts';
import { isPublishable, saleFindings } from './checks.ts';
import { publicFindings } from './checks-door.ts';

const few = [{ counts: units(90) }];
const cases: Case[] = [
  {
    code: 'products-deleted',
    wrong: { products: [undefined, undefined] },
    severity: 'error',
    path: 'productIds',
    says: /nothing to sell/,
  },
  {
    code: 'product-deleted',
    wrong: { products: [{}, undefined] },
    severity: 'warning',
    path: 'productIds.1',
    says: /prod_1 was deleted/,
  },
  {
    code: 'stock-none',
    wrong: { products: [{ counts: units(0) }] },
    severity: 'warning',
    path: 'productIds',
    says: /No unit of the 1 product is free/,
  },
  {
    code: 'product-without-stock',
    wrong: { products: [{}, { counts: units(0) }, {}] },
    severity: 'warning',
    path: 'productIds.1',
    says: /Pen 1 has no free unit/,
  },
  {
    code: 'stock-below-limit',
    wrong: { products: [{ counts: units(3) }], room: { maxUnitsPerShopper: 4 } },
    severity: 'warning',
    path: 'room.maxUnitsPerShopper',
    says: /may buy 4 units, and there are but 3/,
    mended: { products: [{ counts: units(3) }], room: { maxUnitsPerShopper: 3 } },
  },
  {
    code: 'stock-far-below-rate',
    wrong: { products: few },
    severity: 'info',
    path: 'room.admitPerMinute',
    says: /90 units for 600 people a minute: all are promised 9 s after/,
    mended: { products: few, room: { admitPerMinute: 60 } },
  },
  {
    code: 'stock-far-below-rate',
    wrong: { products: few, room: { guaranteeStock: false } },
    severity: 'warning',
    path: 'room.admitPerMinute',
    says: /finds nothing, for guaranteeStock is off/,
  },
  {
    code: 'price-zero',
    wrong: { products: [{}, { priceMinor: 0 }] },
    severity: 'warning',
    path: 'productIds.1',
    says: /Pen 1 costs 0.00 EUR/,
  },
  {
    code: 'price-low',
    wrong: { products: [{}, {}, { priceMinor: 12 }] },
    severity: 'warning',
    path: 'productIds.2',
    says: /0.12 EUR, 104.17 times less than .* \(12.50 EUR\)/,
  },
  {
    code: 'price-high',
    wrong: { products: [{ priceMinor: 125_000 }, {}, {}] },
    severity: 'warning',
    path: 'productIds.0',
    says: /1250.00 EUR, 100 times more/,
  },
  {
    code: 'products-without-image',
    wrong: { products: Array.from({ length: 5 }, () => ({ imageUrl: null })) },
    severity: 'info',
    path: 'productIds',
    says: /5 products without an image: Pen 0, Pen 1, Pen 2 and 2 more/,
  },
  {
    code: 'products-without-description',
    wrong: { products: [{ description: ' ' }] },
    severity: 'info',
    path: 'productIds',
    says: /1 product without a description: Pen 0\./,
  },
  {
    code: 'sale-closed',
    wrong: { sale: { phase: 'closed' } },
    severity: 'error',
    path: 'state',
    says: /closed/,
  },
  {
    code: 'end-passed',
    wrong: { sale: { startsAt: now - hour, endsAt: now } },
    severity: 'error',
    path: 'endsAt',
    says: /2030-06-01T12:00:00.000Z, has passed/,
  },
  {
    code: 'start-passed',
    wrong: { sale: { startsAt: now } },
    severity: 'warning',
    path: 'startsAt',
    says: /opens the moment it is published/,
  },
  {
    code: 'start-soon',
    wrong: { sale: { startsAt: now + 599_000 }, room: { lobbySeconds: 0 } },
    severity: 'warning',
    path: 'startsAt',
    says: /starts 9 min 59 s from now/,
    mended: { sale: { startsAt: now + 600_000 }, room: { lobbySeconds: 0 } },
  },
  {
    code: 'lobby-began',
    wrong: { sale: { startsAt: now + 600_000 } },
    severity: 'info',
    path: 'room.lobbySeconds',
    says: /5 min ago: .* is 10 min long instead of 15 min/,
    mended: { sale: { startsAt: now + 900_000 } },
  },
  {
    code: 'lobby-began',
    wrong: { sale: { startsAt: now + 600_000, mode: 'lottery' } },
    severity: 'warning',
    path: 'room.lobbySeconds',
    says: /5 min ago/,
  },
  {
    code: 'lottery-lobby-short',
    wrong: { sale: { mode: 'lottery' }, room: { lobbySeconds: 299 } },
    severity: 'warning',
    path: 'room.lobbySeconds',
    says: /open for 4 min 59 s/,
    mended: { sale: { mode: 'lottery' }, room: { lobbySeconds: 300 } },
  },
  {
    code: 'lottery-lobby-short',
    wrong: { sale: { mode: 'lottery' }, room: { lobbySeconds: 0 } },
    severity: 'warning',
    path: 'room.lobbySeconds',
    says: /nobody can enter the draw/,
  },
  {
    code: 'no-end',
    wrong: { sale: { endsAt: null } },
    severity: 'info',
    path: 'endsAt',
    says: /stays open until it is closed by hand/,
  },
  {
    code: 'end-too-soon',
    wrong: { sale: { endsAt: now + 24 * hour + 300_000 } },
    severity: 'warning',
    path: 'endsAt',
    says: /3,000 \/ 600 = 5 min, and 2 min \(tokenSeconds\) .*: 7 min in all\. The sale is open for 5 min\./,
    mended: { sale: { endsAt: now + 24 * hour + 420_000 } },
  },
  {
    code: 'end-too-soon',
    wrong: { sale: { endsAt: now + 24 * hour + 300_000 }, room: { maxUnitsPerShopper: 5 } },
    severity: 'info',
    path: 'endsAt',
    says: /\(3 min if everybody took 5\)/,
  },
];

testEach(cases);

test('of a sale that is set up well there is nothing to say', () => {
  expect(codes({})).toEqual([]);
});

test('only what publishing is refused for makes a sale unpublishable, and it stands first', () => {
  const bad = saleFindings(
    checked({ products: [{ counts: units(0) }], room: { challenge: 'none', admitPerMinute: 0 } }),
  );
  expect(bad.length).toBeGreaterThan(1);
  expect(isPublishable(bad)).toBe(true);
  const over = saleFindings(
    checked({ sale: { startsAt: now - hour, endsAt: now - 1 }, room: { bindTokens: 'off' } }),
  );
  expect(isPublishable(over)).toBe(false);
  expect(over.map(({ severity }) => severity)).toEqual(['error', 'warning']);
});

test('while a sale runs, what it has sold is no finding', () => {
  const sold = [{ counts: { free: 0, held: 10, sold: 990 } }];
  expect(codes({ sale: { phase: 'scheduled' }, products: sold })).toContain('stock-none');
  expect(codes({ sale: { phase: 'open' }, products: sold })).toEqual([]);
});

test('of a public sale the start and the message are no findings, and of a closed one nothing is', () => {
  const late = { startsAt: now - hour, endsAt: now + hour };
  expect(codes({ sale: { ...late, phase: 'open' }, room: { message: 'Soon over' } })).toEqual([]);
  const room = { bindTokens: 'off', admitPerMinute: 0 } as const;
  expect(codes({ sale: { phase: 'closed' }, room })).toEqual(['sale-closed']);
});

test('what is told of a public sale wherever it is shown is its lottery and its Turnstile', () => {
  const shown = (phase: 'draft' | 'scheduled', hasTurnstile: boolean) => {
    const room = { challenge: 'turnstile', bindTokens: 'off' } as const;
    const { sale } = checked({ sale: { phase }, room });
    return publicFindings({ sale, hasTurnstile }).map(({ code }) => code);
  };
  expect(shown('scheduled', false)).toEqual(['turnstile-not-set-up']);
  expect(shown('scheduled', true)).toEqual([]);
  expect(shown('draft', false)).toEqual([]);
  const lottery = checked({
    sale: { phase: 'open', mode: 'lottery' },
    room: { challenge: 'none' },
  });
  expect(publicFindings(lottery)).toMatchObject([{ code: 'lottery-many-chances' }]);
});
