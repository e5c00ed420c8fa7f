import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { answered } from './support/http.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(async () => {
  await stack?.close();
});

const checksShape = z.object({
  publishable: z.boolean(),
  findings: z.array(z.object({ code: z.string(), severity: z.string(), todo: z.string().min(1) })),
});

test('a sale that is checked knows of the checkouts that live, and of the providers that they have', async () => {
  const { control } = stack;
  const price = { priceMinor: 4_500, currency: 'EUR' };
  const productId = await control.createProduct({ name: 'Checked', stock: 5, ...price });
  const startsAt = new Date(Date.now() + 86_400_000).toISOString();
  const saleId = await control.createSale({ name: 'Checked', productIds: [productId], startsAt });
  const codes = async () => {
    const answer = await control.raw(`/v1/sales/${saleId}/checks`);
    const { findings, publishable } = answered(answer, 200, checksShape);
    expect(publishable).toBe(true);
    return findings.map(({ code }) => code);
  };
  await waitFor('the providers being known', 5, async () =>
    (await codes()).includes('payment-sandbox-only'),
  );
  expect(await codes()).not.toContain('no-checkout');
  expect(await codes()).not.toContain('payment-sandbox-public');
  expect(await control.move(saleId, 'publish')).toBe('scheduled');
});
