import { isoTime } from '@fairgate/shared/clock.ts';

export const noticeKinds = [
  'order-placed',
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
  saleName: string;
  email: string | null;
  totalMinor: number;
  currency: string;
  payBefore: number;
  lines: { name: string; quantity: number; unitPriceMinor: number; units: string[] }[];
};

export type Mail = { to: string; subject: string; text: string; html: string; messageId: string };

/** Subject and first paragraph of each notice. */
const openings: Record<NoticeKind, (order: NoticeOrder) => { subject: string; lead: string }> = {
  'order-placed': (order) => ({
    subject: `Please pay for your order: ${order.saleName}`,
    lead: `We keep this for you. Please pay by ${readableTime(order.payBefore)}.`,
  }),
  'order-paid': (order) => ({
    subject: `Your receipt: ${order.saleName}`,
    lead: 'Thank you. Your payment has arrived, and these are yours.',
  }),
  'order-expired': (order) => ({
    subject: `Your order has expired: ${order.saleName}`,
    lead: 'No payment arrived in time, so the order has ended. Should one arrive later, it buys the same again where that can still be had, and otherwise goes back to you.',
  }),
  'order-cancelled': (order) => ({
    subject: `Your order was cancelled: ${order.saleName}`,
    lead: 'The order was cancelled. Should a payment arrive all the same, it goes back to you.',
  }),
  'order-refunded': (order) => ({
    subject: `Your money is on its way back: ${order.saleName}`,
    lead: `The order was refunded: ${money(order.totalMinor, order.currency)}.`,
  }),
  'payment-refunded': (order) => ({
    subject: `A payment goes back to you: ${order.saleName}`,
    lead: 'A payment arrived that could buy nothing any more: it came too late, or twice. All of it goes back the way it came.',
  }),
};

/** What an order is told once by mail: each payment that goes back is a thing of its own. */
export function noticeKey(notice: NoticeKind, paymentId: string | undefined): string {
  return paymentId === undefined ? notice : `${notice}.${paymentId}`;
}

/** The mail of a notice, as text and as HTML; null where the shopper left no address. */
export function noticeMail(
  kind: NoticeKind,
  order: NoticeOrder,
  publicOrigin: string,
  key: string = kind,
): Mail | null {
  if (order.email === null) return null;
  const { subject, lead } = openings[kind](order);
  const link = `${publicOrigin}/checkout/orders/${order.id}`;
  const lines = order.lines.map((line) => ({
    text: `${line.quantity} × ${line.name}, ${money(line.unitPriceMinor, order.currency)} each`,
    units: kind === 'order-paid' ? line.units : [],
  }));
  const total = `Total: ${money(order.totalMinor, order.currency)}`;
  const listed = lines.flatMap((line) => [line.text, ...line.units.map((id) => `    ${id}`)]);
  const text = [lead, '', ...listed, total, '', `Order ${order.id}`, link, ''].join('\n');
  const items = lines
    .map((line) => `<li>${[line.text, ...line.units].map(escapeHtml).join('<br>')}</li>`)
    .join('');
  const html = [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    `<title>${escapeHtml(subject)}</title>`,
    '<body style="font-family:system-ui,sans-serif;line-height:1.5">',
    `<p>${escapeHtml(lead)}</p><ul>${items}</ul><p><strong>${escapeHtml(total)}</strong></p>`,
    `<p><a href="${escapeHtml(link)}">Order ${escapeHtml(order.id)}</a></p></body></html>`,
  ].join('\n');
  // The same for every attempt, so that a mail server or reader can tell a repetition.
  const messageId = `<${order.id}.${key}@fairgate>`;
  return { to: order.email, subject: oneLine(subject), text, html, messageId };
}

/** `12.50 EUR`; the number of decimals is the currency's own. */
export function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return `${(minor / 10 ** decimals).toFixed(decimals)} ${currency}`;
}

function readableTime(ms: number): string {
  return `${isoTime(ms).slice(0, 16).replace('T', ' ')} UTC`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}
