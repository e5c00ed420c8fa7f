import { z } from 'zod';
import { SetupError } from '../setup-error.ts';
import type { StackInfo } from './info.ts';

const units = 50;
const startsInSeconds = 20;

const listSchema = z.object({ items: z.array(z.object({ id: z.string(), state: z.string() })) });
const createdSchema = z.object({ id: z.string() });

/**
 * Opens the demo sale through the control API, as an admin would, and returns its id. Where a sale
 * exists already nothing is made: the newest one that is not over is returned, if there is one.
 */
export async function openDemoSale(
  info: StackInfo,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  const existing = listSchema.parse(await call(info, 'GET', '/v1/sales?limit=100')).items;
  const running = existing.find((sale) => sale.state !== 'draft' && sale.state !== 'closed');
  if (existing.length > 0) return running?.id;
  onLine('opening the demo sale');
  const product = createdSchema.parse(
    await call(info, 'POST', '/v1/products', {
      name: 'Fairgate Live, Hall A',
      description: 'One evening, one hall, fifty seats.',
      priceMinor: 4_500,
      currency: 'EUR',
      stock: units,
    }),
  );
  const sale = createdSchema.parse(
    await call(info, 'POST', '/v1/sales', {
      name: 'Fairgate Live',
      productIds: [product.id],
      startsAt: new Date(Date.now() + startsInSeconds * 1_000).toISOString(),
      publish: true,
      // Whoever comes before the start waits in the lobby, and the demo has one from the first second.
      room: { lobbySeconds: 86_400 },
    }),
  );
  return sale.id;
}

async function call(
  info: StackInfo,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${info.controlUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${info.adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  if (response.ok) return response.json();
  const answer = await response.text();
  throw new SetupError(
    `The demo sale could not be opened: ${method} ${path} answered ${response.status} ${answer}`,
  );
}
