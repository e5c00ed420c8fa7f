import { roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import { describe, expect, it } from 'vitest';
import type { ProductRecord, SaleRecord } from './records.ts';
import { type RoomSource, roomBeginning, roomFields, stockPicture } from './room-source.ts';

const now = 1_900_000_000_000;
const sale: SaleRecord = {
  id: 'sale_1',
  name: 'Pens',
  phase: 'open',
  mode: 'fifo',
  currency: 'EUR',
  startsAt: now,
  endsAt: null,
  room: { ...roomSettingsDefaults, admitPerMinute: 120, maxUnitsPerShopper: 2 },
  version: 3,
  createdAt: now,
  updatedAt: now,
  productIds: ['prod_1'],
  soldOut: false,
};
const product: ProductRecord = {
  id: 'prod_1',
  name: 'Pen',
  description: '',
  imageUrl: null,
  priceMinor: 1,
  currency: 'EUR',
  version: 1,
  createdAt: now,
  updatedAt: now,
  counts: { free: 5, held: 2, sold: 3 },
};
const holding = [{ jti: 'j', payBefore: now + 1, units: 2 }];
const source = {
  sale,
  products: [product],
  checkpoint: null,
  redeemed: 0,
  holding: [],
  settledFrom: 0,
  pictureVersion: 1,
  logSeq: 0,
  revocations: [],
  appearance: null,
  draw: null,
};

it('a room is told the shop’s own look, where there is one, and its version with the sale', () => {
  const infoOf = (one: RoomSource) => JSON.parse(roomFields(one).info);
  expect(infoOf(source)).not.toHaveProperty('appearance');
  expect(roomFields(source).appearance).toBeUndefined();
  const gone = { ...source, appearance: { appearance: {}, version: 4, updatedAt: now } };
  expect(infoOf(gone)).not.toHaveProperty('appearance');
  expect(roomFields(gone).appearance).toBeUndefined();
  const look = { version: 5, appearance: { logoAlt: 'The shop' } };
  const own = { ...source, appearance: { ...look, updatedAt: now } };
  expect(infoOf(own).appearance).toEqual({ version: 5 });
  expect(JSON.parse(roomFields(own).appearance ?? '')).toEqual(look);
});

it('a room is told every unit, and its end as 0 where it has none', () => {
  expect(roomFields(source)).toMatchObject({ units: 10, endsAt: 0, guaranteeStock: 1 });
  expect(stockPicture(source)).toEqual([{ productId: 'prod_1', free: 5, held: 2, sold: 3 }]);
});

it('a room that never was begins with zeros', () => {
  const start = roomBeginning(source, null, now);
  expect(start).toMatchObject({ next: 0, frontier: 0, outstanding: 0, joined: 0, free: 5 });
});

it('a room that was lost goes on above its last number, and counts what may be promised', () => {
  const counters = { joined: 40, admitted: 20 };
  const checkpoint = { next: 40, frontier: 20, outstanding: 4, counters, takenAt: now - 3_000 };
  const lost = { ...source, checkpoint, redeemed: 5, holding, settledFrom: 77 };
  const start = roomBeginning(lost, null, now);
  // 2 a second: a burst of 2 and 3 s of 2, two units each, beside the 4 that were known.
  expect(start).toMatchObject({ next: 10_040, frontier: 20, outstanding: 4 + 8 * 2, joined: 40 });
  expect(start).toMatchObject({ redeemed: 5, settledFrom: 77, holding });
  expect(start).toMatchObject({ outstandingActive: 8, outstandingMs: 130_000 });
});

describe('what may be promised from before a loss', () => {
  const before = { admitPerMinute: 600, maxActive: 40, tokenSeconds: 300, maxUnitsPerShopper: 4 };
  const checkpointed = (counters: Record<string, number>) => ({
    ...source,
    checkpoint: { next: 1, frontier: 1, outstanding: 4, counters, takenAt: now - 3_000 },
  });

  it('is bounded by the settings of the checkpoint where they were lowered since', () => {
    const start = roomBeginning(checkpointed({ ...before, aliveAdmissions: 2 }), null, now);
    // 10 a second: a burst of 10 and 3 s of 10, four units each.
    expect(start).toMatchObject({ outstanding: 4 + 40 * 4, outstandingActive: 42 });
    expect(start.outstandingMs).toBe(310_000);
  });

  it('is bounded by settings that came and went since', () => {
    const loss = { usedUp: [], lateUnits: 0, passes: [], changes: [{}, before] };
    const start = roomBeginning(checkpointed({}), loss, now);
    expect(start).toMatchObject({ outstanding: 4 + 40 * 4, outstandingMs: 310_000 });
  });

  it('lives as long as the longest token of before, however short new ones are', () => {
    expect(roomBeginning(checkpointed({ aliveMs: 3_000_000 }), null, now).outstandingMs).toBe(
      3_010_000,
    );
  });

  it('is no more admissions than there could be at a time', () => {
    const many = checkpointed({ ...before, maxActive: 500, aliveAdmissions: 495 });
    expect(roomBeginning(many, null, now).outstandingActive).toBe(500);
  });

  it('counts units that late money may have been promised', () => {
    const loss = { usedUp: [], lateUnits: 7, passes: [], changes: [] };
    const start = roomBeginning(checkpointed({ tokenSeconds: 5 }), loss, now);
    expect(start.outstanding).toBe(4 + 8 * 2 + 7);
  });
});
