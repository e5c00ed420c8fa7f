import {
  parseNoticeKeys,
  recipientDigest,
  resubscribeLink,
  unsubscribeLink,
} from '@fairgate/shared/notices/unsubscribing.ts';
import { signHmacJws, verifyHmacJws } from '@fairgate/shared/token/hmac-jws.ts';
import { languages } from '@fairgate/shared/words/languages.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { makeRig, type Rig, rigNoticeKeys } from './testing/checkout-rig.ts';
import { noticeLink } from './testing/conformance-rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await makeRig({ databaseUrl: await freshDatabaseUrl(afterAll), units: [1] });
  await rig.sql`update sales set name = '<i>Pens</i>' where id = ${rig.saleId}`;
});
afterAll(() => rig.close());

const optouts = async () =>
  (await rig.sql<{ recipient: string }[]>`select recipient from notice_optouts`).map(
    (row) => row.recipient,
  );

describe('the link in a mail', () => {
  it('ends nothing by being looked at, as scanners of mail do', async () => {
    const shown = await rig.call('GET', noticeLink(rig));
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('&lt;i&gt;Pens&lt;/i&gt;');
    expect(shown.body).toContain(`action="${noticeLink(rig)}"`);
    expect(shown.headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(await optouts()).toEqual([]);
  });

  it('ends the mails with one click, from any origin, without a cookie, once or twice', async () => {
    for (const headers of [{}, { origin: 'https://mail.example' }, { origin: 'null' }]) {
      const done = await rig.call('POST', noticeLink(rig, ' Shopper@Example.org'), {
        text: 'List-Unsubscribe=One-Click',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      });
      expect(done.status).toBe(200);
      expect(done.body).toContain('No more mails');
      expect(done.headers.get('set-cookie')).toBeNull();
    }
    // What is kept is no address.
    expect(await optouts()).toEqual([recipientDigest(rig.saleId, 'shopper@example.org')]);
  });

  it('of another key, or changed, does nothing', async () => {
    const before = await optouts();
    const other = parseNoticeKeys(JSON.stringify({ keys: [{ kid: 'rig', k: 'x'.repeat(43) }] }));
    const forged = unsubscribeLink(other, '', { saleId: rig.saleId, address: 'a@example.org' });
    const good = noticeLink(rig, 'b@example.org');
    const cut = good.slice(0, -1);
    const swapped = good.replace(/\.[^.]+\./, `.${forged.split('.')[1]}.`);
    // What a link says besides is not left out: it would do something else than it says.
    const more = { sale: rig.saleId, recipient: recipientDigest(rig.saleId, 'b'), again: 1 };
    const odd = `/checkout/notices/${signHmacJws(rigNoticeKeys.stop, more)}`;
    for (const link of [forged, cut, swapped, odd, '/checkout/notices/none']) {
      for (const method of ['GET', 'POST']) {
        expect((await rig.call(method, link)).status).toBe(404);
      }
    }
    expect(await optouts()).toEqual(before);
  });

  it('takes one unsubscribing back where it asks so, and none that came after it', async () => {
    const { saleId } = rig;
    const address = 'again@example.org';
    const moment = async () => {
      await rig.call('POST', noticeLink(rig, address));
      const [row] = await rig.sql<{ created_at: Date }[]>`
        select created_at from notice_optouts
        where recipient = ${recipientDigest(saleId, address)}`;
      return row?.created_at.getTime() ?? 0;
    };
    const again = (unsubscribedAt: number) =>
      resubscribeLink(rigNoticeKeys, '', { saleId, address, unsubscribedAt });
    const before = await optouts();
    const link = again(await moment());
    expect((await rig.call('GET', link)).body).toContain('Yes, write to me again');
    // To who knows only links that unsubscribe, it is none: a checkout of before, while both run.
    expect(verifyHmacJws(rigNoticeKeys.stop, link.split('/').at(-1) ?? '')).toMatchObject({
      why: 'header',
    });
    expect(await optouts()).toHaveLength(before.length + 1);
    expect((await rig.call('POST', link)).body).toContain('We write to you again');
    expect(await optouts()).toEqual(before);
    // Twice is the same; and a link of before has no power over what they say afterwards.
    expect((await rig.call('POST', link)).body).toContain('We write to you again');
    await moment();
    expect((await rig.call('POST', link)).body).toContain('No more mails');
    expect(await optouts()).toHaveLength(before.length + 1);
  });

  it.each(languages)('speaks %s', async (language) => {
    const headers = { 'accept-language': language };
    const who = { saleId: rig.saleId, address: 'b@example.org', unsubscribedAt: Date.now() };
    for (const link of [noticeLink(rig), resubscribeLink(rigNoticeKeys, '', who)]) {
      for (const method of ['GET', 'POST']) {
        const { body } = await rig.call(method, link, { headers });
        expect(body).toContain(`<html lang="${language}"`);
        expect(body).not.toMatch(/undefined|\{\w+\}|unsubscribe\.\w+/);
      }
    }
  });
});
