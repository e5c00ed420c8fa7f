import { roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import { describe, expect, test } from 'vitest';
import { type CheckedSale, type CheckoutFacts, saleFindings } from '../src/domain/checks.ts';
import type { ProductRecord, SaleRecord } from '../src/domain/records.ts';

export const now = Date.parse('2030-06-01T12:00:00Z');
export const hour = 3_600_000;
export const login = {
  jwksUrl: 'https://login.example/keys',
  issuer: 'x',
  audience: 'x',
  required: true,
};

export type Changes = {
  sale?: Partial<SaleRecord>;
  room?: Partial<SaleRecord['room']>;
  /** By position; undefined: deleted. */
  products?: (Partial<ProductRecord> | undefined)[];
  checkouts?: Partial<CheckoutFacts>;
  publicOrigin?: string;
  hasTurnstile?: boolean;
};

/** A sale of 3,000 units that there is nothing to say of. */
export function checked(changes: Changes = {}): CheckedSale {
  const { products = [{}, {}, {}] } = changes;
  const room = {
    ...roomSettingsDefaults,
    challenge: 'altcha' as const,
    placesPerAddress: 20,
    maxActive: 4_200,
    ...changes.room,
  };
  const sale: SaleRecord = {
    id: 'sale_1',
    name: 'Pens',
    phase: 'draft',
    mode: 'fifo',
    currency: 'EUR',
    startsAt: now + 24 * hour,
    endsAt: now + 26 * hour,
    version: 1,
    createdAt: now,
    updatedAt: now,
    productIds: products.map((_, i) => `prod_${i}`),
    soldOut: false,
    ...changes.sale,
    room,
  };
  return {
    sale,
    products: products.flatMap((its, i) => (its === undefined ? [] : [product(i, its)])),
    checkouts: { live: 2, claimsPerSecond: 100, providers: ['stripe'], ...changes.checkouts },
    hasTurnstile: changes.hasTurnstile ?? false,
    publicOrigin: changes.publicOrigin ?? 'https://shop.example',
    now,
  };
}

function product(i: number, changes: Partial<ProductRecord>): ProductRecord {
  return {
    id: `prod_${i}`,
    name: `Pen ${i}`,
    description: 'It writes.',
    imageUrl: 'https://shop.example/pen.png',
    priceMinor: 1_250,
    currency: 'EUR',
    version: 1,
    createdAt: now,
    updatedAt: now,
    counts: units(1_000),
    ...changes,
  };
}

export const units = (free: number) => ({ free, held: 0, sold: 0 });
export const codes = (changes: Changes) => saleFindings(checked(changes)).map(({ code }) => code);

/** `mended` does what `todo` says; where it is left out, the calm sale is what comes of it. */
export type Case = {
  code: string;
  wrong: Changes;
  severity: 'error' | 'warning' | 'info';
  path: string;
  says: RegExp;
  mended?: Changes;
};

/** Each finding comes with what is wrong, and goes with it. */
export function testEach(cases: readonly Case[]): void {
  describe('comes with what is wrong, and goes with it', () => {
    test.each(cases)('$code: $says', (it) => {
      const found = saleFindings(checked(it.wrong)).filter(({ code }) => code === it.code);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ severity: it.severity, path: it.path });
      expect(found[0]?.message).toMatch(it.says);
      expect(found[0]?.todo).not.toBe('');
      expect(codes(it.mended ?? {})).not.toContain(it.code);
    });
  });
}
