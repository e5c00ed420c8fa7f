import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/toolchain/chromium.ts';

/** A real Chromium, headless. Whoever opens it closes it. */
export async function openBrowser(): Promise<Browser> {
  const { executablePath, args, env } = await findChromium();
  return await chromium.launch({ executablePath, args, env, headless: true });
}

export type Tab = {
  page: Page;
  /** What went wrong in the page: exceptions, console errors (a broken CSP too), failed loads. */
  faults: string[];
  /** Addresses of other origins that the page asked for. */
  strangers: string[];
  close(): Promise<void>;
};

/** A fresh profile with one page; `script` false is a browser with JavaScript turned off. */
export async function openTab(
  browser: Browser,
  options: { script: boolean; origins: string[] },
): Promise<Tab> {
  const context: BrowserContext = await browser.newContext({
    javaScriptEnabled: options.script,
    viewport: { width: 1_100, height: 860 },
    locale: 'en-GB',
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const faults: string[] = [];
  const strangers: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && !options.origins.includes(origin)) {
      strangers.push(request.url());
    }
  });
  return { page, faults, strangers, close: () => context.close() };
}
