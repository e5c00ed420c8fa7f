import { browserKey, publicJwk } from '@fairgate/shared/pages/client/browser-key.ts';
import { ownNumber } from '../own-number.ts';
import { type Answer, prove, slugOf, troubleText, within } from './calls.ts';
import type { solve as Solve, Solved } from './challenge.ts';
import { forgetOffer, type Offer, offerOf } from './offer.ts';
import { plan } from './polling.ts';
import { language, mailedKey, parts, remember, room, saleId, say, told, voice } from './room.ts';
import { renew } from './showing.ts';
import { saveEmail } from './telling.ts';

// What the shopper does: joining, taking the token, leaving. The forms do the same without a script.

type Step = 'join' | 'token';
const asksFor = (step: Step) => told('challenge').split(' ').includes(step);

const solved = async (step: Step): Promise<Solved> => {
  const { solve } = (await import(parts.challenge)) as { solve: typeof Solve };
  const words = { checking: voice.say('live.checking'), progress: voice.say('live.checkProgress') };
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 20_000);
  const signal = stop.signal;
  return await solve({ saleId, step, pow: parts.pow, signal, ...words }).finally(() =>
    clearTimeout(timer),
  );
};

/** With a solved challenge where one is due, and once more with a fresh one where that was refused. */
const sendSolved = async (
  step: Step,
  isDue: boolean,
  send: (more: Solved) => Promise<Answer>,
): Promise<Answer> => {
  const answer = await send(isDue ? await solved(step) : {});
  const isRefused = slugOf(answer.body).startsWith('challenge-');
  return isRefused ? await send(await solved(step)) : answer;
};

/** A browser that has lost its key forgets a place that has ended, and joins as somebody new. */
const forget = async () => {
  const leaving = { method: 'POST', redirect: 'manual' } as const;
  await within(`/sales/${saleId}/leave`, leaving, async () => undefined);
  room().dataset.ticketHash = '';
};

/** What stands in the form's field counts, also nothing: the link's pass was put there. */
const offered = (form: HTMLFormElement): Offer & { email?: string } => {
  const given = new FormData(form);
  const { pass: _, ...others } = offerOf(saleId);
  const pass = `${given.get('pass') ?? ''}`.trim();
  const email = `${given.get('email') ?? ''}`.trim();
  return { ...others, ...(pass ? { pass } : {}), ...(email ? { email } : {}) };
};

/** What the link brought is no good: whoever tries again goes without it. */
const isOfferRefused = ({ body }: Answer) =>
  body?.reason === 'pass-spent' ||
  body?.errors?.[0]?.path === 'pass' ||
  slugOf(body) === 'token-invalid';

const join = async (form: HTMLFormElement, dress: () => void) => {
  const offer = offered(form);
  const pair = told('bind') === 'off' ? null : await browserKey();
  const key = pair === null ? {} : { publicKey: await publicJwk(pair) };
  const send = (more: Solved) => prove('POST', '/place', { language, ...key, ...offer, ...more });
  // Whoever has a place, or had one, has solved one for it.
  let answer = await sendSolved('join', asksFor('join') && told('place') === '', send);
  if (slugOf(answer.body) === 'conflict' && !answer.body?.reason) {
    await forget();
    answer = await sendSolved('join', asksFor('join'), send);
  }
  const { response, body } = answer;
  if (response.ok || isOfferRefused(answer)) forgetOffer(saleId);
  if (offer.email && body?.place) remember(mailedKey, `${ownNumber(body.place)}`);
  if (response.ok) return void (await renew(dress));
  // Nothing has changed for who has to put something right; what they wrote stays.
  if (response.status !== 400 && response.status !== 429) await renew(dress);
  const isLogin = slugOf(body) === 'token-invalid';
  say(await troubleText(body, isLogin));
};

const buy = async (_form: HTMLFormElement, dress: () => void) => {
  // The token that was issued is the same again, and asks for nothing.
  const isDue = asksFor('token') && told('place') === 'admitted';
  const send = (more: Solved) => prove('POST', '/place/token', more);
  let answer = await sendSolved('token', isDue, send);
  if (slugOf(answer.body) === 'proof-invalid') {
    // Another tab may have had a newer ticket, which the page names.
    await renew(dress);
    answer = await send({});
  }
  const { response, body } = answer;
  if (response.ok) {
    // Of this origin, whatever `checkoutUrl` says: the key is in no other.
    location.assign(`/checkout?sale=${saleId}#token=${body?.token ?? ''}`);
    return;
  }
  await renew(dress);
  if ([401, 403, 503].includes(response.status)) say(await troubleText(body));
};

/** Without the key the place stays, and the form makes this browser forget it. */
const leave = async (form: HTMLFormElement, dress: () => void) => {
  const { response } = await prove('DELETE', '/place');
  remember(mailedKey, '');
  if (response.ok) await renew(dress);
  else form.submit();
};

const acts: Record<string, (form: HTMLFormElement, dress: () => void) => Promise<void>> = {
  join,
  buy,
  leave,
  email: saveEmail,
};

const acting = new Set<string>();
const submit = async (form: HTMLFormElement, dress: () => void) => {
  const name = form.dataset.form ?? '';
  const act = acts[name];
  // The page may have been fetched anew while a challenge is being solved.
  if (acting.has(name) || !act) return;
  acting.add(name);
  // Disabled, it would lose the focus.
  const button = form.querySelector('button');
  button?.setAttribute('aria-disabled', 'true');
  try {
    await act(form, dress);
  } catch {
    say(voice.say('live.failed'));
  }
  button?.removeAttribute('aria-disabled');
  acting.delete(name);
  plan(Number(told('pollAfter')) || 5);
};

const dressed = new WeakSet<HTMLFormElement>();

/** Takes over the forms that are new. */
export const dressForms = (dress: () => void): void => {
  const { pass } = offerOf(saleId);
  for (const input of pass ? room().querySelectorAll<HTMLInputElement>('input[name="pass"]') : []) {
    input.value = pass ?? '';
    input.closest('details')?.setAttribute('open', '');
  }
  for (const form of room().querySelectorAll<HTMLFormElement>('form[data-form]')) {
    if (dressed.has(form)) continue;
    dressed.add(form);
    // A field that is folded away could not be shown to be wrong.
    form.addEventListener(
      'invalid',
      ({ target }) => (target as HTMLElement).closest('details')?.setAttribute('open', ''),
      true,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void submit(form, dress);
    });
  }
};
