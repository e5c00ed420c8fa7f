import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../../../e2e/support/browser.ts';
import { freePort } from '../../../scripts/free-port.ts';
import { type HttpServer, serveHttp } from '../adapters/http-server.ts';
import { makeRig, type Rig, type RigOptions } from './checkout-rig.ts';
import { makeSandbox, type SandboxRig } from './sandbox-rig.ts';

export type Shopper = {
  page: Page;
  context: BrowserContext;
  /** Exceptions, console errors (a broken policy too), and requests of other origins. */
  faults: string[];
};

export type ShopperWish = {
  script?: boolean;
  locale?: string;
  viewport?: { width: number; height: number };
};

/** For tests: a checkout that is served at its own origin, and real browsers in front of it. */
export type PageRig = {
  rig: Rig;
  sandbox: SandboxRig;
  origin: string;
  /** A fresh profile with one page; closed with the rig. */
  shopper(wish?: ShopperWish): Promise<Shopper>;
  close(): Promise<void>;
};

export const phone = { width: 390, height: 844 };

export async function makePageRig(
  options: Pick<RigOptions, 'databaseUrl'> & Partial<RigOptions>,
): Promise<PageRig> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const answer = async (request: Request) => {
    const service = rig.services[0];
    if (service === undefined) throw new Error('the rig has no instance');
    return await service.fetch(request);
  };
  const sandbox = await makeSandbox(answer);
  const providers = [sandbox.provider];
  const rig: Rig = await makeRig({ units: [500, 500], providers, loops: true, origin, ...options });
  const server: HttpServer = await serveHttp({ fetch: answer }, { host: '127.0.0.1', port });
  const browser: Browser = await openBrowser();
  return {
    rig,
    sandbox,
    origin,
    shopper: (wish = {}) => openShopper(browser, origin, wish),
    async close() {
      await browser.close();
      for (const service of rig.services) service.stopping();
      await server.stop(500);
      await rig.close();
      await sandbox.close();
    },
  };
}

async function openShopper(browser: Browser, origin: string, wish: ShopperWish): Promise<Shopper> {
  const context = await browser.newContext({
    javaScriptEnabled: wish.script ?? true,
    viewport: wish.viewport ?? phone,
    locale: wish.locale ?? 'en-GB',
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== origin) faults.push(`asked ${url.href}`);
  });
  return { page, context, faults };
}
