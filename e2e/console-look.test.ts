import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { button, openConsole, openTabOfSale, outcome } from './console/admin.ts';
import { openBrowser } from './support/browser.ts';
import { openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

test.each([{ size: 'wide' }, { size: 'narrow' }] as const)(
  'a look is set where its contrast is seen, what is kept is shown, and nobody’s is overwritten ($size)',
  async ({ size }) => {
    const { control, edge } = stack;
    const { saleId, name } = await openSale(control, edge, { units: 3 });
    const path = `/v1/sales/${saleId}/appearance`;
    const kept = async () => JSON.parse((await control.raw(path)).text);
    const { controlUrl, adminKey: key } = stack.info();
    const admin = await openConsole(browser, { controlUrl, key, size });
    const { page, faults, strangers, looksRight } = admin;
    await admin.visit(`/sales/${saleId}`);
    await openTabOfSale(page, 'Look');
    await page.getByText('All text can be read').first().waitFor();
    expect(await button(page, 'Save the look').isDisabled()).toBe(true);
    await looksRight('look, nothing set');

    // A colour that cannot be read is seen at once, and refused with the pair and its ratio.
    const accent = page.getByLabel('Accent: buttons and links', { exact: true }).first();
    await accent.fill('#ffee00');
    await page.getByText('4 pairs cannot be read well').waitFor();
    await button(page, 'Save the look').click();
    await page
      .getByText(/accent #ffee00 .* text needs 4.5:1/)
      .first()
      .waitFor();
    await looksRight('look, refused');
    await accent.fill('#7a0b3b');

    await page.getByLabel('Text for who does not see it').fill('The shop');
    const html = page.getByLabel('HTML', { exact: true });
    await html.fill('<h2>Welcome</h2><script>alert(1)</script><p onclick="x()">to us</p>');
    await page.getByLabel('Find a text').fill('join the line');
    await page.getByLabel('sale.joinTitle').fill('Get in line');
    await page.getByLabel('Find a text').fill('sale.waiting');
    await page.getByLabel('sale.waiting, one').fill('{count} soul waits.');
    await page.getByLabel('sale.waiting, other').fill('{count} souls wait.');
    await looksRight('look, texts');
    await button(page, 'Save the look').click();
    await outcome(page, `The look of ${name} is saved.`).waitFor();
    await page.getByText('onclick of <p>').waitFor();
    expect(await html.inputValue()).toBe('<h2>Welcome</h2><p>to us</p>');
    await looksRight('look, saved');
    expect(await kept()).toMatchObject({
      colours: { accent: '#7a0b3b' },
      logoAlt: 'The shop',
      html: '<h2>Welcome</h2><p>to us</p>',
      texts: {
        en: {
          'sale.joinTitle': 'Get in line',
          'sale.waiting': { one: '{count} soul waits.', other: '{count} souls wait.' },
        },
      },
    });

    // What is not saved can be given up, and what somebody else saved is asked about.
    await page.getByLabel('Text for who does not see it').fill('Nobody');
    await button(page, 'Discard').click();
    expect(await page.getByLabel('Text for who does not see it').inputValue()).toBe('The shop');
    await control.raw(path, { method: 'PUT', json: { logoAlt: 'Theirs' } });
    await page.getByLabel('Text for who does not see it').fill('Ours');
    await button(page, 'Save the look').click();
    const dialog = page.getByRole('dialog', { name: /changed this look meanwhile/ });
    await dialog.getByText('colours, texts, the block of HTML, the logo’s text').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await kept()).toMatchObject({ logoAlt: 'Theirs' });
    await button(page, 'Save the look').click();
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(async () => await button(page, 'Discard').isDisabled()).toBe(true);
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(async () => (await kept()).logoAlt).toBe('Ours');
    expect(await kept()).toMatchObject({ logoAlt: 'Ours', colours: { accent: '#7a0b3b' } });

    await button(page, 'Take it away').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it away' }).click();
    await outcome(page, `${name} has no look of its own any more.`).waitFor();
    expect(await kept()).toEqual({ id: saleId, updatedAt: expect.any(String) });
    const own = faults.filter((fault) => !/status of (400|412)/.test(fault));
    expect({ own, strangers }).toEqual({ own: [], strangers: [] });
    await admin.close();
  },
);

test('who may only look sees the look, in every language, and can change nothing of it', async () => {
  const { control, edge } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  const texts = { de: { 'sale.joinTitle': 'Anstellen' } };
  await control.raw(`/v1/sales/${saleId}/appearance`, { method: 'PUT', json: { texts } });
  const { controlUrl } = stack.info();
  const key = await control.createApiKey('looks on', 'viewer');
  const { page, visit, looksRight, close } = await openConsole(browser, {
    controlUrl,
    key,
    size: 'wide',
  });
  await visit(`/sales/${saleId}/look`);
  await page.getByLabel('Language of the texts').selectOption('Deutsch');
  await page.getByLabel('Find a text').fill('Anstellen');
  const own = page.getByLabel('sale.joinTitle');
  expect([await own.inputValue(), await own.isDisabled()]).toEqual(['Anstellen', true]);
  for (const label of ['HTML', 'Address of the image', 'Ground of cards']) {
    expect(await page.getByLabel(label, { exact: true }).first().isDisabled()).toBe(true);
  }
  expect(await button(page, 'Save the look').count()).toBe(0);
  await looksRight('look, to be read');
  await close();
});
