import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openBrowser, openTab } from './support/browser.ts';
import { tokenWhenAdmitted } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { answered } from './support/http.ts';
import { mailsTo } from './support/mailbox.ts';
import { type PushService, startPushService } from './support/push-service.ts';
import { joinShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let push: PushService;
beforeAll(async () => {
  stack = await sharedStack();
  const secrets = readFileSync(join(dirname(stack.infoFile), 'secrets.json'), 'utf8');
  const { vapidKey } = z
    .object({ vapidKey: z.object({ publicKey: z.string() }) })
    .parse(JSON.parse(secrets));
  push = await startPushService(vapidKey.publicKey);
});
afterAll(async () => {
  await push?.stop();
  await stack?.close();
});

async function joined(saleId: string, json: object): Promise<string> {
  const path = `/api/sales/${saleId}/place`;
  return answered(await stack.edge.raw(path, { method: 'POST', json }), 201, joinShape).ticket;
}

const subjectsTo = async (address: string) =>
  (await mailsTo(stack.info().mailUrl, address)).map(({ subject }) => subject);

test('who asked is told soon their turn, their turn, of their order, and that all was sold before it, each once', async () => {
  const room = { admitPerMinute: 60, maxActive: 1, tokenSeconds: 600, guaranteeStock: true };
  const sale = await openSale(stack.control, stack.edge, { units: 2, room });
  const { saleId, productId, name } = sale;
  const addressOf = (who: string) => `${who}-${saleId}@example.com`;
  const buy = async (ticket: string) => {
    const token = await tokenWhenAdmitted(stack.edge, saleId, ticket, 30);
    const { order, orderKey } = await stack.checkout.redeem({ token, productId });
    await stack.checkout.pay(order.id, orderKey);
  };
  const browser = push.subscribe();
  const kinds = () => browser.pushed.map(({ message }) => message.kind);
  const first = await joined(saleId, { pushSubscription: browser.subscription });
  const second = await joined(saleId, { email: addressOf('second'), language: 'en' });
  const third = await joined(saleId, {});
  const wish = { email: addressOf('third'), language: 'de' };
  const notices = `/api/sales/${saleId}/place/notices`;
  const asked = await stack.edge.raw(notices, { method: 'PUT', bearer: third, json: wish });
  expect(asked.status).toBe(204);

  await waitFor('the turn of the first', 20, () => kinds().includes('your-turn'));
  await waitFor('the second being told', 30, async () => {
    return (await subjectsTo(addressOf('second'))).includes(`Soon your turn: ${name}`);
  });
  await buy(first);
  await waitFor('the push about the order', 20, () => kinds().includes('order-paid'));
  await waitFor('the turn of the second', 30, async () => {
    return (await subjectsTo(addressOf('second'))).includes(`It is your turn: ${name}`);
  });
  await buy(second);
  const told = await waitFor('the third being told', 30, async () => {
    const mails = await mailsTo(stack.info().mailUrl, addressOf('third'));
    return mails.find(({ html }) => html.includes('lang="de"'));
  });
  expect(told.text).toContain(`${stack.info().edgeUrl}/sales/${saleId}`);
  for (const ticket of [first, second, third]) expect(told.html).not.toContain(ticket);
  expect(await subjectsTo(addressOf('third'))).toHaveLength(1);
  expect(await subjectsTo(addressOf('second'))).toHaveLength(2);
  expect(kinds().filter((kind) => kind !== 'soon')).toEqual(['your-turn', 'order-paid']);
  expect(push.faults).toEqual([]);
}, 180_000);

/** Headless Chromium has nowhere to show a notification: what the worker would show is noted. */
const notes = `
  self.noted = [];
  self.registration.showNotification = async (title, { data, ...how }) => {
    self.noted.push({ title, url: data.url, ...how });
  };
  WindowClient.prototype.focus = async function () {
    self.noted.push({ focused: this.url });
    return this;
  };
  self.clients.openWindow = async (url) => {
    self.noted.push({ opened: url });
    return null;
  };`;

test('the service worker shows what a push message says, and a click comes to the page of the sale', async () => {
  const { edgeUrl } = stack.info();
  const browser = await openBrowser();
  try {
    const tab = await openTab(browser, { script: true, origins: [edgeUrl] });
    const context = tab.page.context();
    await tab.page.goto(edgeUrl);
    const devtools = await context.newCDPSession(tab.page);
    const registration = new Promise<string>((resolve) => {
      devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const own = registrations.find(({ scopeURL }) => scopeURL === `${edgeUrl}/`);
        if (own) resolve(own.registrationId);
      });
    });
    await devtools.send('ServiceWorker.enable');
    const started = context.waitForEvent('serviceworker');
    await tab.page.evaluate(
      `navigator.serviceWorker.register('/notify.js').then(() => navigator.serviceWorker.ready)
         .then(() => true)`,
    );
    const worker = await started;
    await worker.evaluate(notes);
    const noted = async () => z.array(z.unknown()).parse(await worker.evaluate('self.noted'));
    const said = { kind: 'your-turn', title: 'It is your turn', body: 'Go', tag: 'fairgate-x' };
    const data = JSON.stringify({ ...said, url: '/sales/x', lang: 'ar', dir: 'rtl' });
    const registrationId = await registration;
    await devtools.send('ServiceWorker.deliverPushMessage', {
      origin: edgeUrl,
      registrationId,
      data,
    });
    await waitFor('the message', 10, async () => (await noted()).length === 1);
    expect(await noted()).toEqual([
      {
        title: 'It is your turn',
        body: 'Go',
        url: '/sales/x',
        tag: 'fairgate-x',
        renotify: true,
        requireInteraction: true,
        lang: 'ar',
        dir: 'rtl',
      },
    ]);
    const click = (url: string) =>
      worker.evaluate(`
        self.dispatchEvent(Object.assign(new ExtendableEvent('notificationclick'), {
          notification: { close() {}, data: { url: '${url}' } },
        }))`);
    // The catalogue is open, the sale is not, and nobody is sent elsewhere.
    for (const url of ['/', '/sales/x', 'https://evil.example/']) await click(url);
    await waitFor('the clicks', 10, async () => (await noted()).length === 3);
    expect((await noted()).slice(1)).toEqual([
      { focused: `${edgeUrl}/` },
      { opened: `${edgeUrl}/sales/x` },
    ]);
    expect(tab.faults).toEqual([]);
  } finally {
    await browser.close();
  }
}, 120_000);
