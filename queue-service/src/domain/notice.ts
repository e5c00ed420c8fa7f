import { type Appearance, ownTexts } from '@fairgate/shared/appearance.ts';
import type { OrderState } from '@fairgate/shared/order.ts';
import { defaultLanguage, type Language } from '@fairgate/shared/words/languages.ts';
import { type Speech, speechIn } from '@fairgate/shared/words/speech.ts';
import { accentOf, type MailLine, mailBody } from './mail-body.ts';

export const noticeKinds = [
  'order-placed',
  'payment-failed',
  'order-paid',
  'order-expired',
  'order-cancelled',
  'order-refunded',
  'payment-refunded',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** What a mail about an order says. Money in minor units, times in ms since the epoch. */
export type NoticeOrder = {
  id: string;
  saleId: string;
  saleName: string;
  state: OrderState;
  /** Why it is not paid yet, as its page says it; null once another payment has begun. */
  failure: string | null;
  email: string | null;
  /** Null: nobody said which. */
  language: Language | null;
  /** The shop's own look of the sale; null where it has none. */
  appearance: Appearance | null;
  totalMinor: number;
  currency: string;
  payBefore: number;
  lines: { name: string; quantity: number; unitPriceMinor: number; units: string[] }[];
};

export type Mail = {
  to: string;
  subject: string;
  text: string;
  html: string;
  messageId: string;
  /** Where one click ends mails like this one; undefined where nobody may want them to end. */
  unsubscribe?: string | undefined;
};

type Opening = { subject: string; lead: string };

/** Subject and first paragraph of each notice. */
function openingOf(kind: NoticeKind, speech: Speech, order: NoticeOrder): Opening {
  const sale = order.saleName;
  const time = speech.dateTime(order.payBefore, 'UTC');
  const amount = speech.money(order.totalMinor, order.currency);
  switch (kind) {
    case 'order-placed':
      return {
        subject: speech.say('mail.placedSubject', { sale }),
        lead: speech.say('mail.placedLead', { time }),
      };
    case 'payment-failed':
      return {
        subject: speech.say('mail.failedSubject', { sale }),
        lead: speech.say('mail.failedLead', { time }),
      };
    case 'order-paid':
      return {
        subject: speech.say('mail.paidSubject', { sale }),
        lead: speech.say('mail.paidLead'),
      };
    case 'order-expired':
      return {
        subject: speech.say('mail.expiredSubject', { sale }),
        lead: speech.say('mail.expiredLead'),
      };
    case 'order-cancelled':
      return {
        subject: speech.say('mail.cancelledSubject', { sale }),
        lead: speech.say('mail.cancelledLead'),
      };
    case 'order-refunded':
      return {
        subject: speech.say('mail.refundedSubject', { sale }),
        lead: speech.say('mail.refundedLead', { amount }),
      };
    case 'payment-refunded':
      return {
        subject: speech.say('mail.paymentRefundedSubject', { sale }),
        lead: speech.say('mail.paymentRefundedLead'),
      };
  }
}

/** What an order is told once by mail: each payment is a thing of its own. */
export function noticeKey(notice: NoticeKind, paymentId: string | undefined): string {
  return paymentId === undefined ? notice : `${notice}.${paymentId}`;
}

/** What a key was made of; null where it is none. */
export function noticeOfKey(key: string): { notice: NoticeKind; paymentId?: string } | null {
  const [name, paymentId] = key.split('.');
  const notice = noticeKinds.find((kind) => kind === name);
  if (notice === undefined) return null;
  return paymentId === undefined ? { notice } : { notice, paymentId };
}

export type NoticeLinks = {
  publicOrigin: string;
  /** The page that ends the notices of a sale for an address. */
  unsubscribe(who: { saleId: string; address: string }): string;
};

/**
 * The mail of a notice, in the shopper's language; null where they left no address. Its link is the
 * order's plain address, which opens on the device that has the key.
 */
export function noticeMail(
  kind: NoticeKind,
  order: NoticeOrder,
  links: NoticeLinks,
  key: string = kind,
): Mail | null {
  const { id, email, saleId, saleName } = order;
  if (email === null) return null;
  const language = order.language ?? defaultLanguage;
  const speech = speechIn(language, ownTexts(order.appearance, language));
  const { subject, lead } = openingOf(kind, speech, order);
  const unsubscribe = links.unsubscribe({ saleId, address: email });
  const url = `${links.publicOrigin}/checkout/orders/${id}`;
  const body = mailBody({
    speech,
    title: subject,
    lead,
    lines: linesOf(kind, speech, order),
    action: { label: speech.say(asksToPay(kind) ? 'mail.toPay' : 'mail.toOrder'), url },
    ...accentOf(order.appearance),
    footer: [
      { text: speech.say('mail.order', { id }) },
      { text: speech.say('mail.opensWhere') },
      { text: speech.say('mail.why', { sale: saleName }) },
      { text: speech.say('mail.stop'), url: unsubscribe },
    ],
  });
  return {
    to: email,
    subject: oneLine(subject),
    ...body,
    // The same for every attempt, so that a mail server or reader can tell a repetition.
    messageId: `<${id}.${key}@fairgate>`,
    unsubscribe: isReceipt(kind) ? undefined : unsubscribe,
  };
}

function linesOf(kind: NoticeKind, speech: Speech, order: NoticeOrder): MailLine[] {
  const { currency, totalMinor } = order;
  const lines = order.lines.map(({ name, quantity, unitPriceMinor, units }) => ({
    text: speech.say('mail.line', { quantity, name }),
    figure: speech.money(quantity * unitPriceMinor, currency),
    details: kind === 'order-paid' ? units : [],
  }));
  const total = { text: speech.say('mail.total'), figure: speech.money(totalMinor, currency) };
  return [...lines, { ...total, isTotal: true }];
}

function asksToPay(kind: NoticeKind): boolean {
  return kind === 'order-placed' || kind === 'payment-failed';
}

/** Mails about money that moved: they come to whoever wants no more notices, too. */
export function isReceipt(kind: NoticeKind): boolean {
  return kind === 'order-paid' || kind === 'order-refunded' || kind === 'payment-refunded';
}

const hourMs = 3_600_000;

/** After this long nobody is helped by the mail any more; a mail server may be away for days. */
const usefulMs = { ending: 24 * hourMs, receipt: 7 * 24 * hourMs } as const;

/**
 * Whether a notice still says what is so, and in time. `toldAt`: when what it tells of happened.
 * Those that ask for something are worth nothing once it cannot be done.
 */
export function isUseful(
  kind: NoticeKind,
  order: Pick<NoticeOrder, 'state' | 'failure' | 'payBefore'>,
  { toldAt, now }: { toldAt: number; now: number },
): boolean {
  const age = now - toldAt;
  const canBePaid = order.state === 'awaiting_payment' && now < order.payBefore;
  switch (kind) {
    case 'order-placed':
      return canBePaid;
    case 'payment-failed':
      return canBePaid && order.failure !== null;
    case 'order-expired':
      // Money that came late may have bought it again meanwhile.
      return order.state === 'expired' && age < usefulMs.ending;
    case 'order-cancelled':
      return age < usefulMs.ending;
    case 'order-paid':
    case 'order-refunded':
    case 'payment-refunded':
      return age < usefulMs.receipt;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
