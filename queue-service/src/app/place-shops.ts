import type { PlaceNoticeKind } from '../domain/telling.ts';
import type { ShopEvent } from '../domain/webhook-events.ts';
import type { Told } from './place-ports.ts';
import type { Rows } from './ports.ts';

const types = {
  soon: 'place.soon',
  'your-turn': 'place.admitted',
  'sold-out': 'place.sold_out',
} as const satisfies Record<PlaceNoticeKind, ShopEvent['type']>;

type Telling = { saleId: string; told: Told[]; now: number };

/**
 * Tells shoppers of their places, and in the same transaction the shops: once of each place and thing,
 * by however many channels the shopper is told. Nobody's name, address or visitor is in it.
 */
export async function tellToo(
  rows: Pick<Rows, 'places' | 'webhooks'>,
  kind: PlaceNoticeKind,
  { saleId, told, now }: Telling,
): Promise<void> {
  const first = new Set(await rows.places.tell(kind, saleId, told, now));
  const events = told.flatMap(({ visitor, number, lane }): ShopEvent[] => {
    if (!first.has(visitor)) return [];
    const key = `place:${kind}:${saleId}:${visitor}:${number}`;
    return [{ type: types[kind], key, at: now, saleId, data: { place: { saleId, number, lane } } }];
  });
  if (events.length > 0) await rows.webhooks.tell(events, now);
}
