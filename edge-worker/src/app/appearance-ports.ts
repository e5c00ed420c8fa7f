import type { Unavailable } from './ports.ts';

/** `json` as the queue service wrote it; `none` where the sale has no look of its own. */
export type AppearanceAnswer = { kind: 'found'; json: string } | { kind: 'none' } | Unavailable;

/** Nothing here throws. */
export type AppearanceGateways = { appearance(saleId: string): Promise<AppearanceAnswer> };
