import { languages } from '@fairgate/shared/words/languages.ts';
import { describe, expect, it } from 'vitest';
import { againMail, placeMail, pushedOrderKinds, pushPayload, type ToldOf } from './place-words.ts';
import { placeNoticeKinds } from './telling.ts';

const told: ToldOf = {
  saleId: 'sale_a',
  saleName: 'Pens & <b>more</b>',
  orderId: '',
  language: 'en',
  appearance: null,
  secondsLeft: 119,
};
const links = {
  publicOrigin: 'https://shop.example',
  unsubscribe: () => 'https://shop.example/checkout/notices/x',
  again: () => 'https://shop.example/checkout/notices/again',
};
const to = { to: 'shopper@example.org', messageId: '<a@fairgate>' };

describe.each(languages)('in %s', (language) => {
  it.each([...placeNoticeKinds, ...pushedOrderKinds])('a push message about %s fits', (kind) => {
    const own = { ...told, language, saleName: '長'.repeat(500) };
    const payload = pushPayload(kind, own);
    // RFC 8030 section 7.2 allows for 4,096 bytes with everything around it.
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(3_072);
    expect(payload).not.toMatch(/undefined|NaN|[{]\w+[}]/);
    expect(JSON.parse(payload)).toMatchObject({ kind, lang: language, url: '/sales/sale_a' });
  });

  it('a mail asks who had unsubscribed whether they want mails again', () => {
    const mail = againMail({ ...told, language }, to, links, 1);
    expect(mail.text).toContain(links.again());
    expect(mail.text).toContain(links.unsubscribe());
    expect(`${mail.subject}${mail.text}`).not.toMatch(/undefined|NaN|[{]\w+[}]/);
  });

  it.each(placeNoticeKinds)('a mail about %s says where, why and how to end it', (kind) => {
    const mail = placeMail(kind, { ...told, language }, to, links);
    expect(mail.text).toContain('https://shop.example/sales/sale_a');
    expect(mail.text).toContain(links.unsubscribe());
    expect(mail.html).not.toContain('<b>more</b>');
    expect(`${mail.subject}${mail.text}`).not.toMatch(/undefined|NaN|[{]\w+[}]/);
  });
});

it('time is told in round figures, never more than there is', () => {
  const bodyOf = (secondsLeft: number) =>
    JSON.parse(pushPayload('your-turn', { ...told, secondsLeft })).body;
  expect(bodyOf(119)).toContain('1 minute 50 seconds');
  expect(bodyOf(59)).toContain('50 seconds');
  expect(bodyOf(3_599)).toContain('59 minutes');
});

it('a browser that reads none of our languages is told in English, from the left', () => {
  const shown = JSON.parse(pushPayload('soon', { ...told, language: 'nl' }));
  expect(shown).toMatchObject({ lang: 'en', dir: 'ltr' });
  expect(JSON.parse(pushPayload('soon', { ...told, language: 'ar' })).dir).toBe('rtl');
});

it('the shop’s own words and accent are those of its notices, in their language alone', () => {
  const texts = { de: { 'push.soonTitle': 'Gleich: {sale}', 'push.soonBody': '長'.repeat(500) } };
  const appearance = { texts, colours: { accent: '#7a0b3b' } };
  const german = { ...told, language: 'de-AT', appearance };
  const payload = pushPayload('soon', german);
  expect(JSON.parse(payload).title).toBe('Gleich: Pens & <b>more</b>');
  expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(3_072);
  const mail = placeMail('soon', german, to, links);
  expect(mail.subject).toBe('Gleich: Pens & <b>more</b>');
  expect(mail.text).toContain('長'.repeat(500));
  expect(mail.html).toContain('bgcolor="#7a0b3b"');
  const french = placeMail('soon', { ...german, language: 'fr' }, to, links);
  expect(french.subject).toContain('Bientôt votre tour');
  expect(french.html).toContain('bgcolor="#7a0b3b"');
});
