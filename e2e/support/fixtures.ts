import type { RoomSettingsPatch } from '@fairgate/shared/sale.ts';
import type { ControlClient } from './control-client.ts';
import type { EdgeClient } from './edge-client.ts';
import { waitFor } from './wait.ts';

export type Fixture = { saleId: string; productId: string; units: number; name: string };

export type FixtureWish = {
  units: number;
  room?: RoomSettingsPatch;
  priceMinor?: number;
};

let made = 0;

/** Lets everyone in at once, so that a test need not wait for the line. */
export const openDoors: RoomSettingsPatch = {
  admitPerMinute: 600_000,
  maxActive: 10_000,
  tokenSeconds: 600,
  paySeconds: 600,
};

/** A product of its own in a sale of its own, opened, and seen open by shoppers. */
export async function openSale(
  control: ControlClient,
  edge: EdgeClient,
  wish: FixtureWish,
): Promise<Fixture> {
  made += 1;
  const name = `Test ${process.pid}-${made}`;
  const { units } = wish;
  const price = { priceMinor: wish.priceMinor ?? 2_500, currency: 'EUR' };
  const productId = await control.createProduct({ name, stock: units, ...price });
  const saleId = await control.createSale({
    name,
    productIds: [productId],
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    publish: true,
    room: wish.room ?? openDoors,
  });
  await waitFor('the sale being open to shoppers', 5, async () => {
    return (await edge.sale(saleId)).state === 'open';
  });
  return { saleId, productId, units, name };
}
