import { describe, expect, it } from 'vitest';
import { money, type NoticeOrder, noticeKinds, noticeMail } from './notice.ts';

const order: NoticeOrder = {
  id: 'ord_1',
  saleName: 'Pens & <Ink>\r\nBcc: all@example.org',
  email: 'a@example.org',
  totalMinor: 2_500,
  currency: 'EUR',
  payBefore: Date.parse('2030-01-02T03:04:05Z'),
  lines: [{ name: '<b>Pen</b>', quantity: 2, unitPriceMinor: 1_250, units: ['unit_1', 'unit_2'] }],
};
const origin = 'https://shop.example';

describe('a notice', () => {
  it.each(noticeKinds)('%s links to the order page', (kind) => {
    const mail = noticeMail(kind, order, origin);
    expect(mail?.text).toContain('https://shop.example/checkout/orders/ord_1');
    expect(mail?.html).toContain('https://shop.example/checkout/orders/ord_1');
  });

  it('escapes names in its HTML, and has one line of subject', () => {
    const mail = noticeMail('order-placed', order, origin);
    expect(mail?.html).not.toContain('<b>Pen');
    expect(mail?.html).toContain('&lt;b&gt;Pen');
    expect(mail?.subject).not.toMatch(/[\r\n]/);
  });

  it('says until when to pay; the receipt names the units and the total', () => {
    expect(noticeMail('order-placed', order, origin)?.text).toContain('2030-01-02 03:04 UTC');
    const receipt = noticeMail('order-paid', order, origin)?.text;
    expect(receipt).toContain('unit_1');
    expect(receipt).toContain('Total: 25.00 EUR');
  });

  it('of an order that ended unpaid claims nothing that a payment on its way makes untrue', () => {
    for (const kind of ['order-expired', 'order-cancelled'] as const) {
      const text = noticeMail(kind, order, origin)?.text;
      expect(text).not.toContain('Nothing was charged');
      expect(text).toMatch(/Should (one|a payment) arrive .* goes back to you/);
    }
  });

  it('is not written where there is no address', () => {
    expect(noticeMail('order-paid', { ...order, email: null }, origin)).toBeNull();
  });
});

it('money has the decimals of its currency', () => {
  expect([money(1_250, 'EUR'), money(1_250, 'JPY'), money(1_250, 'BHD')]).toEqual([
    '12.50 EUR',
    '1250 JPY',
    '1.250 BHD',
  ]);
});
