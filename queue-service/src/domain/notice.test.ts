import { languages } from '@fairgate/shared/words/languages.ts';
import { describe, expect, it } from 'vitest';
import {
  isReceipt,
  isUseful,
  type NoticeKind,
  type NoticeOrder,
  noticeKinds,
  noticeMail,
} from './notice.ts';

const order: NoticeOrder = {
  id: 'ord_1',
  saleId: 'sale_1',
  saleName: 'Pens & <Ink>\r\nBcc: all@example.org',
  state: 'awaiting_payment',
  failure: 'card_declined',
  email: 'a@example.org',
  language: null,
  appearance: null,
  totalMinor: 2_500,
  currency: 'EUR',
  payBefore: Date.parse('2030-01-02T03:04:05Z'),
  lines: [{ name: '<b>Pen</b>', quantity: 2, unitPriceMinor: 1_250, units: ['unit_1', 'unit_2'] }],
};
const links = {
  publicOrigin: 'https://shop.example',
  unsubscribe: ({ saleId, address }: { saleId: string; address: string }) =>
    `https://shop.example/stop/${saleId}/${address}`,
};

function mailOf(kind: NoticeKind, changes: Partial<NoticeOrder> = {}) {
  const mail = noticeMail(kind, { ...order, ...changes }, links);
  if (mail === null) throw new Error('no mail');
  return mail;
}

describe('a notice', () => {
  it.each(noticeKinds)('%s links to the order page, and to where mails end', (kind) => {
    const { text, html, unsubscribe } = mailOf(kind);
    for (const body of [text, html]) {
      expect(body).toContain('https://shop.example/checkout/orders/ord_1');
      expect(body).toContain('https://shop.example/stop/sale_1/a@example.org');
    }
    // One click on a button of the mail program may end notices, and no receipts.
    expect(unsubscribe === undefined).toBe(isReceipt(kind));
  });

  it('escapes names in its HTML, and has one line of subject', () => {
    const { html, subject } = mailOf('order-placed');
    expect(html).not.toContain('<b>Pen');
    expect(html).toContain('&lt;b&gt;Pen');
    expect(subject).not.toMatch(/[\r\n]/);
  });

  it('says until when to pay; the receipt names the units and the total', () => {
    for (const kind of ['order-placed', 'payment-failed'] as const) {
      expect(mailOf(kind).text).toMatch(/by|until Jan 2, 2030, 3:04\sAM UTC/);
    }
    const receipt = mailOf('order-paid').text;
    expect(receipt).toContain('unit_1');
    expect(receipt).toContain('2 × <b>Pen</b>: €25.00');
    expect(receipt).toContain('Total: €25.00');
  });

  it('of an order that ended unpaid claims nothing that a payment on its way makes untrue', () => {
    for (const kind of ['order-expired', 'order-cancelled'] as const) {
      const { text } = mailOf(kind);
      expect(text).not.toContain('Nothing was charged');
      expect(text).toMatch(/Should (one|a payment) arrive .* goes back to you/);
    }
  });

  it('is not written where there is no address', () => {
    expect(noticeMail('order-paid', { ...order, email: null }, links)).toBeNull();
  });
});

it('says what the shop says in its own words, and wears its colour', () => {
  const texts = { de: { 'mail.paidLead': 'Danke! <b>Bis bald.</b>' } };
  const appearance = { texts, colours: { accent: '#004400' } };
  const { text, html } = mailOf('order-paid', { appearance, language: 'de' });
  expect(text).toContain('Danke! <b>Bis bald.</b>');
  expect(html).toContain('Danke! &lt;b&gt;Bis bald.&lt;/b&gt;');
  expect(html).toContain('bgcolor="#004400"');
  expect(mailOf('order-paid', { appearance, language: 'fr' }).text).not.toContain('Danke!');
});

describe.each(languages)('in %s', (language) => {
  it.each(noticeKinds)('%s is whole, in the language and its direction', (kind) => {
    const { subject, text, html } = mailOf(kind, { language, saleName: 'Pens' });
    const direction = language === 'ar' ? 'rtl' : 'ltr';
    expect(html).toContain(`<html lang="${language}" dir="${direction}">`);
    expect(html.match(/dir="(rtl|ltr)"/g)).toEqual(Array(2).fill(`dir="${direction}"`));
    for (const part of [subject, text, html]) {
      expect(part).not.toMatch(/undefined|NaN|\{\w+\}|mail\.\w+/);
    }
    expect(subject).toContain('Pens');
  });

  it('needs no image, no style sheet and nothing from elsewhere', () => {
    const { html } = mailOf('order-paid', { language });
    expect(html).not.toMatch(/<img|<link|<style|<script|src=|url\(/);
    const hosts = [...html.matchAll(/https?:\/\/([^/"]+)/g)].map(([, host]) => host);
    expect(new Set(hosts)).toEqual(new Set(['shop.example']));
  });
});

it('a preview says what the mail is about, and none of its table', () => {
  const { html } = mailOf('order-paid');
  const [, hidden] = /<div style="display:none[^>]*>(.*?)<\/div>/s.exec(html) ?? [];
  expect(hidden).toMatch(/^Thank you\. .*&nbsp;$/s);
});

describe('a notice is worth nothing', () => {
  const { payBefore, failure } = order;
  const useful = (kind: NoticeKind, state: NoticeOrder['state'], now: number) =>
    isUseful(kind, { state, failure, payBefore }, { toldAt: payBefore, now });
  const hours = (count: number) => payBefore + count * 3_600_000;

  it('that asks to pay, once nobody can or need', () => {
    for (const kind of ['order-placed', 'payment-failed'] as const) {
      expect(useful(kind, 'awaiting_payment', payBefore - 1)).toBe(true);
      expect(useful(kind, 'awaiting_payment', payBefore)).toBe(false);
      for (const state of ['paid', 'expired', 'cancelled', 'refunded'] as const) {
        expect(useful(kind, state, payBefore - 1)).toBe(false);
      }
    }
  });

  it('that tells of a declined payment, once another one has begun', () => {
    const times = { toldAt: payBefore - 5, now: payBefore - 1 };
    expect(isUseful('payment-failed', { ...order, failure: null }, times)).toBe(false);
    expect(isUseful('order-placed', { ...order, failure: null }, times)).toBe(true);
  });

  it('of an order’s end after a day, or when late money bought it again', () => {
    expect(useful('order-expired', 'expired', hours(23))).toBe(true);
    expect(useful('order-expired', 'expired', hours(24))).toBe(false);
    expect(useful('order-expired', 'paid', hours(1))).toBe(false);
    expect(useful('order-cancelled', 'cancelled', hours(24))).toBe(false);
  });

  it('of money after a week, whatever has become of the order', () => {
    for (const kind of ['order-paid', 'order-refunded', 'payment-refunded'] as const) {
      expect(useful(kind, 'refunded', hours(7 * 24 - 1))).toBe(true);
      expect(useful(kind, 'refunded', hours(7 * 24))).toBe(false);
    }
  });
});
