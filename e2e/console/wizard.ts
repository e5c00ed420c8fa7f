import { expect } from 'vitest';
import { type Admin, badge, button } from './admin.ts';

/** The wizard from its first step to the published sale, whose id is returned. */
export async function makeSale(
  { page, looksRight }: Admin,
  { name, units }: { name: string; units: number },
): Promise<string> {
  await page.getByRole('link', { name: 'New sale' }).click();
  await page.getByRole('heading', { name: 'A new sale' }).waitFor();
  await looksRight('wizard: products');
  await button(page, 'New product').click();
  await page.getByLabel('Name').fill(`${name}, standing`);
  await page.getByLabel('Price').fill('45.00');
  await page.getByLabel('Units', { exact: true }).fill(String(units));
  await looksRight('wizard: a new product');
  await button(page, 'Make it').click();
  await expect.poll(() => page.getByLabel(`${name}, standing`).isChecked()).toBe(true);
  await button(page, 'Next: times').click();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Starts').fill('2031-05-01T18:00');
  await looksRight('wizard: times');
  await button(page, 'Next: waiting room').click();
  await page.getByLabel('People let in a minute').fill('120');
  await looksRight('wizard: waiting room');
  await button(page, 'Next: check it').click();
  await page.getByRole('heading', { name: `Check ${name}` }).waitFor();
  await expect.poll(() => page.locator('.finding').count()).toBeGreaterThan(0);
  await button(page, 'Preview the page').click();
  const preview = page.getByRole('link', { name: /Open it; the link is good until/ });
  expect(await preview.getAttribute('href')).toContain('/preview/');
  await looksRight('wizard: checks');
  await button(page, 'Publish').click();
  await badge(page, 'Scheduled').waitFor();
  return /sale_\w+/.exec(page.url())?.[0] ?? '';
}
