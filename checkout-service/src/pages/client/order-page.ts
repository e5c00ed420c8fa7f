import type { Voice } from '@fairgate/shared/words/voice.ts';
import type { OrderPhrase } from '../phrases.ts';
import { countNow, startCountdown } from './countdown.ts';
import { fetchInTime } from './deadline-fetch.ts';
import { forgetDraft } from './draft.ts';
import { followOrder, type OrderEvents } from './order-events.ts';
import {
  announce,
  byId,
  isBusy,
  learnTime,
  localTimes,
  pageVoice,
  serverNow,
  setBusy,
  show,
} from './page.ts';
import { putParts, rememberParts } from './parts.ts';

const order = () => byId('order') as HTMLElement;
const path = () => `/checkout/orders/${order().dataset.id}`;

/** Runs once, and again whenever a part of the page was put in anew. */
export type Tend = () => void;

/** Follows the order until nothing changes it any more; `tend` looks after what else is on the page. */
export function startOrderPage(tend: Tend = () => {}): Voice<OrderPhrase> {
  // Before anything else: a bank sends the shopper back with what is nobody's to read.
  history.replaceState(null, '', path());
  const voice = pageVoice<OrderPhrase>();
  rememberParts();
  learnTime(order().dataset.serverTime ?? '');
  // The purchase token has become this order, and is worth nothing more to this tab.
  forgetDraft(order().dataset.sale ?? '');
  const settle = () => {
    localTimes(document, voice);
    countNow();
    showPrint();
    tend();
  };
  settle();
  const page: Page = { voice, settle, events: null };
  if (byId('mistake')) byId('mistake')?.focus();
  document.addEventListener('submit', (event) => void byScript(event, page));
  byId('print')?.addEventListener('click', () => window.print());
  page.events = follow(page);
  // Whoever comes back to the page sees it as it is now, frozen or not.
  const lookAgain = () => {
    if (document.visibilityState !== 'visible') return;
    void refresh(page);
    page.events?.wake();
  };
  document.addEventListener('visibilitychange', lookAgain);
  addEventListener('offline', lookAgain);
  addEventListener('online', lookAgain);
  addEventListener('pageshow', (event) => event.persisted && lookAgain());
  countDown(page);
  return voice;
}

type Page = {
  voice: Voice<OrderPhrase>;
  settle(): void;
  /** Null where nothing changes the order any more. */
  events: OrderEvents | null;
};

/** Puts a fresh page in; tells what the order has come to, where it came to something. */
function putIn(html: string, { settle }: Page, withMistake: boolean): void {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  const next = fresh.getElementById('order');
  if (next === null || isOlder(next.dataset, order().dataset)) return;
  learnTime(next.dataset.serverTime ?? '');
  const { state, paying } = order().dataset;
  const hasMoved = next.dataset.state !== state || next.dataset.paying !== paying;
  const hasChanged = putParts(fresh, withMistake || hasMoved);
  Object.assign(order().dataset, { ...next.dataset });
  document.title = fresh.title;
  if (hasChanged) settle();
  if (!hasMoved) return;
  const words = order().querySelectorAll('[data-part="state"] > *');
  announce([...words].map((element) => element.textContent).join('. '));
  if (next.dataset.state !== 'awaiting_payment') show('soon', '');
}

/** Two answers may come in another order than they were made. */
const isOlder = (a: DOMStringMap, b: DOMStringMap) => Number(a.version) < Number(b.version);

/** Counts what was asked of the server: an answer that another question has overtaken is old. */
let asked = 0;
let isLost = false;

/** Has the page as the server has it now, or says that there is no connection. */
async function refresh(page: Page): Promise<void> {
  asked += 1;
  const turn = asked;
  const html = await freshPage();
  if (turn !== asked) return;
  if (html !== null) putIn(html, page, false);
  if (html !== null && isLost) announce(page.voice.say('order.back'));
  isLost = html === null;
  show('connection', isLost ? page.voice.say('order.offline') : '');
  if (isLost) page.events?.lose();
}

async function freshPage(): Promise<string | null> {
  try {
    return await fetchInTime(path(), { headers: { accept: 'text/html' } }, async (reply) => {
      // The browser has this order no longer: its page says what that means.
      if (reply.status === 404) location.reload();
      return reply.ok ? await reply.text() : null;
    });
  } catch {
    return null;
  }
}

/** The forms do without a script what they do here: only nothing is loaded anew. */
async function byScript(event: SubmitEvent, page: Page): Promise<void> {
  const form = event.target as HTMLFormElement;
  const button = form.querySelector('button');
  if (form.method !== 'post' || button === null) return;
  event.preventDefault();
  if (isBusy(button)) return;
  setBusy(button, true);
  const before = byId('pay-before')?.getAttribute('datetime');
  const failed = await sendForm(form, page);
  setBusy(button, false);
  show('connection', failed === null ? '' : page.voice.say(failed));
  page.events?.wake();
  const mistake = byId('mistake');
  if (mistake) mistake.focus();
  else if (form.id === 'extend') tellMore(page.voice, before);
}

/** Null where the answer is on the page; it may say what went wrong. */
async function sendForm(form: HTMLFormElement, page: Page): Promise<OrderPhrase | null> {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.set(name, String(value));
  // What was asked before does not know of it.
  asked += 1;
  try {
    return await fetchInTime(form.action, { method: 'POST', body }, async (reply) => {
      if (reply.status === 404) location.reload();
      if (reply.headers.get('content-type')?.startsWith('text/html')) {
        putIn(await reply.text(), page, true);
        return null;
      }
      return reply.status === 429 ? 'trouble.limited' : 'mistake.away';
    });
  } catch {
    return navigator.onLine ? 'mistake.away' : 'mistake.offline';
  }
}

/** There is more time: how much it is now, said once. */
function tellMore(voice: Voice<OrderPhrase>, before: string | null | undefined): void {
  const after = byId('pay-before')?.getAttribute('datetime');
  if (!before || !after || after === before) return;
  const left = (Date.parse(after) - serverNow()) / 1_000;
  announce(voice.say('order.moreGiven', { duration: voice.duration(left) }));
}

/** What is not paid is no receipt. */
function showPrint(): void {
  const { state } = order().dataset;
  const print = byId('print');
  if (print) print.hidden = state !== 'paid' && state !== 'refunded';
}

/** An expired order may be paid by money that comes late, so it is followed while the stream lasts. */
const isOpen = (state: string | undefined) => state === 'awaiting_payment' || state === 'expired';

function follow(page: Page): OrderEvents | null {
  const { id, state } = order().dataset;
  if (!isOpen(state)) return null;
  return followOrder(`/v1/orders/${id}/events`, {
    onNews(news) {
      // The first event tells what the page has been loaded with.
      const isNews = news.version > Number(order().dataset.version);
      if (isNews || isLost) void refresh(page);
      return isOpen(news.state);
    },
    onLost() {
      // Of an expired order nobody waits for the end.
      if (order().dataset.state === 'expired') return false;
      // Where streams are refused, the page is asked for instead.
      void refresh(page);
      return true;
    },
  });
}

function countDown(page: Page): void {
  const { voice } = page;
  /** A warning before the time is over, and what can be done about it (WCAG 2.2, 2.2.1). */
  const soon = (left: number) => {
    const words = voice.say('order.soonOver', { duration: voice.duration(left) });
    const button = byId('extend')?.querySelector('button')?.textContent;
    const duration = voice.duration(Number(byId('more-hint')?.dataset.seconds));
    return button ? `${words} ${voice.say('order.moreOffer', { button, duration })}` : words;
  };
  startCountdown({
    'pay-before': {
      warn: (left) => show('soon', left === null ? '' : soon(left)),
      over() {
        show('soon', '');
        // The sweep ends the order a moment after its time, and the stream tells; if it does not:
        setTimeout(() => void refresh(page), 1_500);
      },
    },
  });
}
