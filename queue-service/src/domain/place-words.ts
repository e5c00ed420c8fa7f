import { type Appearance, ownTexts } from '@fairgate/shared/appearance.ts';
import { languageOf } from '@fairgate/shared/words/languages.ts';
import { type Speech, speechIn } from '@fairgate/shared/words/speech.ts';
import { accentOf, type MailParts, mailBody } from './mail-body.ts';
import type { Mail, NoticeKind } from './notice.ts';
import type { PlaceNoticeKind } from './telling.ts';

/** What is told by push of an order: all that its shopper did not just do themselves. */
export const pushedOrderKinds = [
  'payment-failed',
  'order-paid',
  'order-expired',
  'order-refunded',
  'payment-refunded',
] as const satisfies NoticeKind[];
export type PushedKind = PlaceNoticeKind | (typeof pushedOrderKinds)[number];

/** `secondsLeft`: until it is of no use any more. */
export type ToldOf = {
  saleId: string;
  saleName: string;
  /** Of the order; '' of a place. */
  orderId: string;
  language: string | null;
  /** The shop's own look of the sale; null where it has none. */
  appearance: Appearance | null;
  secondsLeft: number;
};

type Words = { title: string; body: string };

function speechOf({ language, appearance }: ToldOf): Speech {
  const spoken = languageOf(language);
  return speechIn(spoken, ownTexts(appearance, spoken));
}

function wordsOf(kind: PushedKind, speech: Speech, { saleName, secondsLeft }: ToldOf): Words {
  const sale = cut(saleName, 80);
  const duration = speech.duration(roundedDown(secondsLeft));
  const say = speech.say;
  switch (kind) {
    case 'soon':
      return { title: say('push.soonTitle', { sale }), body: say('push.soonBody') };
    case 'your-turn':
      return { title: say('push.turnTitle', { sale }), body: say('push.turnBody', { duration }) };
    case 'sold-out':
      return { title: say('push.soldOutTitle', { sale }), body: say('push.soldOutBody') };
    case 'payment-failed':
      return {
        title: say('push.failedTitle', { sale }),
        body: say('push.failedBody', { duration }),
      };
    case 'order-paid':
      return { title: say('push.paidTitle', { sale }), body: say('push.paidBody') };
    case 'order-expired':
      return { title: say('push.expiredTitle', { sale }), body: say('push.expiredBody') };
    case 'order-refunded':
      return { title: say('push.refundedTitle', { sale }), body: say('push.refundedBody') };
    case 'payment-refunded':
      return {
        title: say('push.paymentRefundedTitle', { sale }),
        body: say('push.paymentRefundedBody'),
      };
  }
}

/** Nobody runs to the second: whole minutes, and tens of seconds in the last ones. */
function roundedDown(seconds: number): number {
  const step = seconds >= 180 ? 60 : 10;
  return Math.max(step, Math.floor(seconds / step) * step);
}

function cut(text: string, charactersMax: number): string {
  const all = [...text];
  return all.length <= charactersMax ? text : `${all.slice(0, charactersMax - 1).join('')}…`;
}

/** The page that it is about, at our origin. Neither ticket nor key is in it. */
function pathOf({ saleId, orderId }: ToldOf): string {
  return orderId === '' ? `/sales/${saleId}` : `/checkout/orders/${orderId}`;
}

/** What the service worker shows (`notify.browser.js`), as JSON. */
export function pushPayload(kind: PushedKind, told: ToldOf): string {
  const speech = speechOf(told);
  const { language: lang, direction: dir } = speech;
  const { title, body } = wordsOf(kind, speech, told);
  // The page's own notification has the same: one takes the place of the other.
  const tag = told.orderId === '' ? `fairgate-${told.saleId}` : `order-${told.orderId}`;
  return JSON.stringify({
    kind,
    // A shop may say much: what a push service takes is bounded, and what a lock screen shows more so.
    title: cut(title, 160),
    body: cut(body, 320),
    url: pathOf(told),
    tag,
    lang,
    dir,
  });
}

export type PlaceMailLinks = {
  publicOrigin: string;
  unsubscribe(who: { saleId: string; address: string }): string;
  /** The page that takes back an unsubscribing of that moment (ms). */
  again(who: { saleId: string; address: string; unsubscribedAt: number }): string;
};

/** `messageId`: the same for every attempt. */
export type MailTo = { to: string; messageId: string };

/** The mail of a place's notice. */
export function placeMail(
  kind: PlaceNoticeKind,
  told: ToldOf,
  to: MailTo,
  links: PlaceMailLinks,
): Mail {
  const speech = speechOf(told);
  const action = { label: speech.say('push.toSale'), url: `${links.publicOrigin}${pathOf(told)}` };
  const words = wordsOf(kind, speech, told);
  return mailOf(
    { speech, ...words, action, where: [speech.say('push.opensWhere')] },
    told,
    to,
    links,
  );
}

/** Asks whoever had unsubscribed at that moment (ms) whether it was they who gave their address anew. */
export function againMail(
  told: ToldOf,
  to: MailTo,
  links: PlaceMailLinks,
  unsubscribedAt: number,
): Mail {
  const speech = speechOf(told);
  const title = speech.say('push.againTitle', { sale: cut(told.saleName, 80) });
  const body = speech.say('push.againBody');
  const url = links.again({ saleId: told.saleId, address: to.to, unsubscribedAt });
  const action = { label: speech.say('unsubscribe.againButton'), url };
  return mailOf({ speech, title, body, action, where: [] }, told, to, links);
}

type Parts = Words & Pick<MailParts, 'speech' | 'action'> & { where: string[] };

function mailOf(
  { speech, title, body: lead, action, where }: Parts,
  { saleId, saleName, appearance }: ToldOf,
  { to, messageId }: MailTo,
  links: PlaceMailLinks,
): Mail {
  const unsubscribe = links.unsubscribe({ saleId, address: to });
  const footer = [
    ...where.map((text) => ({ text })),
    { text: speech.say('push.why', { sale: saleName }) },
    { text: speech.say('mail.stop'), url: unsubscribe },
  ];
  const body = mailBody({
    speech,
    title,
    lead,
    lines: [],
    action,
    ...accentOf(appearance),
    footer,
  });
  const subject = title.replaceAll(/\s+/g, ' ').trim();
  return { to, subject, ...body, messageId, unsubscribe };
}
