import { readFileSync } from 'node:fs';
import type { Browser, Download, Page } from 'playwright-core';
import { expect } from 'vitest';
import { axeFindings, pixelsTooWide } from '../support/axe.ts';
import { openTab, type Tab } from '../support/browser.ts';

export const windows = {
  wide: { width: 1_440, height: 900 },
  narrow: { width: 390, height: 844 },
} as const;
export type WindowName = keyof typeof windows;

export type Admin = Tab & {
  /** Opens a screen by its address, as a link in a mail would. */
  visit(path: string): Promise<void>;
  /** What a screen must be: nothing for axe to find, and no wider than its window. */
  looksRight(screen: string): Promise<void>;
};

/** Somebody before the console, signed in by a key; closed by whoever opened it. */
export async function openConsole(
  browser: Browser,
  { controlUrl, key, size }: { controlUrl: string; key: string; size: WindowName },
): Promise<Admin> {
  const tab = await openTab(browser, { script: true, origins: [controlUrl] });
  const { page } = tab;
  await page.setViewportSize(windows[size]);
  const admin: Admin = {
    ...tab,
    visit: async (path) => void (await page.goto(`${controlUrl}/console${path}`)),
    async looksRight(screen) {
      const found = { axe: await axeFindings(page), tooWide: await pixelsTooWide(page) };
      expect({ screen, size, ...found }).toEqual({ screen, size, axe: [], tooWide: 0 });
    },
  };
  await admin.visit('/');
  await page.getByLabel('API key').waitFor();
  await admin.looksRight('sign in');
  await signIn(page, key);
  return admin;
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** Follows a link of the sale's own navigation, until its screen is there. */
export async function openTabOfSale(page: Page, name: string): Promise<void> {
  await page
    .getByRole('navigation', { name: 'This sale' })
    .getByRole('link', { name, exact: true })
    .click();
  await page.getByText('Loading…').waitFor({ state: 'detached' });
}

/** The figure under a name, as a number: of a tile, of the stock, of the funnel. */
export async function figure(page: Page, name: string): Promise<number> {
  const term = page.locator('dl > div', { has: page.locator('dt', { hasText: name }) }).first();
  const value = term.locator('.tile-value, dd:not(:has(.tile-value))').first();
  const text = (await value.textContent()) ?? '';
  return Number.parseInt(text.replaceAll(',', ''), 10);
}

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
/** The state of a sale, where its screens show it. */
export const badge = (page: Page, state: string) =>
  page.locator('.sale-line').getByText(state, { exact: true });
/** What became of an act, as it is told. */
export const outcome = (page: Page, text: string | RegExp) =>
  page.getByRole('status', { name: 'Outcomes' }).getByText(text);

/** What the browser was given to keep. */
export async function saved(download: Download): Promise<string> {
  return readFileSync(await download.path(), 'utf8');
}
