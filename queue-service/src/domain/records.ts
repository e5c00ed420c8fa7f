import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { BanKind } from '@fairgate/shared/bans/ban.ts';
import type { RoomSettings, SaleMode, SalePhase } from '@fairgate/shared/sale.ts';
import type { ApiRole } from './roles.ts';

/** Units of a product, by state. */
export type UnitCounts = { free: number; held: number; sold: number };

/** A product with its stock. Times in ms since the epoch, money in minor units. */
export type ProductRecord = {
  id: string;
  name: string;
  description: string;
  imageUrl: string | null;
  priceMinor: number;
  currency: string;
  version: number;
  createdAt: number;
  updatedAt: number;
  counts: UnitCounts;
};

/** A sale as its admins set it. Times in ms since the epoch. */
export type SaleRecord = {
  id: string;
  name: string;
  phase: SalePhase;
  mode: SaleMode;
  currency: string;
  startsAt: number;
  endsAt: number | null;
  room: RoomSettings;
  version: number;
  createdAt: number;
  updatedAt: number;
  productIds: string[];
  /** There are units, and all of them are sold. */
  soldOut: boolean;
};

/** The shop's own look of a sale's pages; `updatedAt` in ms since the epoch. */
export type AppearanceRecord = {
  appearance: Appearance;
  version: number;
  updatedAt: number | null;
};

/** Of a sale that never had one; the first one is version 2. */
export const noAppearance: AppearanceRecord = { appearance: {}, version: 1, updatedAt: null };

/** Times in ms since the epoch; `expiresAt` null: until it is revoked. */
export type KeyRecord = {
  id: string;
  name: string;
  role: ApiRole;
  createdAt: number;
  expiresAt: number | null;
  /** To some seconds; null: never. */
  lastUsedAt: number | null;
};

/** Times in ms since the epoch; `expiresAt` null: until it is lifted. `actor` as in the ledger. */
export type BanRecord = {
  id: string;
  kind: BanKind;
  value: string;
  reason: string;
  actor: string;
  createdAt: number;
  expiresAt: number | null;
};

export function unitsTotal(counts: UnitCounts): number {
  return counts.free + counts.held + counts.sold;
}
