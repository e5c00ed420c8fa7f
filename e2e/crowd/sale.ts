import type { ControlClient } from '../support/control-client.ts';

/** Short enough for a run to end soon after its last unpaid hold. */
const crowdRoom = {
  admitPerMinute: 1_200,
  maxActive: 1_000,
  tokenSeconds: 10,
  paySeconds: 15,
  abandonSeconds: 15,
  lobbySeconds: 3_600,
};

/** The first shoppers wait in the lobby for the doors to open. */
const startsInMs = 2_000;

/** Makes a product with so many units, and a sale of it that opens in a moment; returns its id. */
export async function makeCrowdSale(control: ControlClient, units: number): Promise<string> {
  const name = `Crowd of ${new Date().toISOString().slice(0, 19)}`;
  const productId = await control.createProduct({
    name,
    priceMinor: 2_500,
    currency: 'EUR',
    stock: units,
  });
  return await control.createSale({
    name,
    productIds: [productId],
    startsAt: new Date(Date.now() + startsInMs).toISOString(),
    publish: true,
    room: crowdRoom,
  });
}
