import { browserKey, publicJwk } from '@fairgate/shared/pages/client/browser-key.ts';
import { type Answer, prove, slugOf, troubleText } from './calls.ts';
import type { solve as Solve, Solved } from './challenge.ts';
import { forgetOffer, type Offer, offerOf } from './offer.ts';
import { plan } from './polling.ts';
import { language, parts, room, saleId, say, told, voice } from './room.ts';
import { renew } from './showing.ts';
import { saveEmail } from './telling.ts';

// What the shopper does: joining, taking the token, leaving. The forms do the same without a script.

type Step = 'join' | 'token';
const asksFor = (step: Step) => told('challenge').split(' ').includes(step);

const solved = async (step: Step): Promise<Solved> => {
  const { solve } = (await import(parts.challenge)) as { solve: typeof Solve };
  const words = { checking: voice.say('live.checking'), progress: voice.say('live.checkProgress') };
  return await solve({ saleId, step, pow: parts.pow, ...words });
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
  await fetch(`/sales/${saleId}/leave`, {
    method: 'POST',
    redirect: 'manual',
    referrerPolicy: 'same-origin',
  });
  room().dataset.ticketHash = '';
};

/** What stands in the form's field counts before what the shop's link brought. */
const offered = (form: HTMLFormElement): Offer & { email?: string } => {
  const given = new FormData(form);
  const pass = `${given.get('pass') ?? ''}`.trim();
  const email = `${given.get('email') ?? ''}`.trim();
  return { ...offerOf(saleId), ...(pass ? { pass } : {}), ...(email ? { email } : {}) };
};

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
  if (response.ok) forgetOffer(saleId);
  else say(troubleText(body));
  await renew(dress);
  if (!response.ok) say(troubleText(body));
};

const buy = async (_form: HTMLFormElement, dress: () => void) => {
  // The token that was issued is the same again, and asks for nothing.
  const isDue = asksFor('token') && told('place') === 'admitted';
  const send = (more: Solved) => prove('POST', '/place/token', more);
  const { response, body } = await sendSolved('token', isDue, send);
  if (response.ok) {
    // Of this origin, whatever `checkoutUrl` says: the key is in no other.
    location.assign(`/checkout?sale=${saleId}#token=${body?.token ?? ''}`);
    return;
  }
  await renew(dress);
  if ([401, 403, 503].includes(response.status)) say(troubleText(body));
};

/** Without the key the place stays, and the form makes this browser forget it. */
const leave = async (form: HTMLFormElement, dress: () => void) => {
  const { response } = await prove('DELETE', '/place');
  if (response.ok) await renew(dress);
  else form.submit();
};

const acts: Record<string, (form: HTMLFormElement, dress: () => void) => Promise<void>> = {
  join,
  buy,
  leave,
  email: saveEmail,
};

let isActing = false;
const submit = async (form: HTMLFormElement, dress: () => void) => {
  const act = acts[form.dataset.form ?? ''];
  // The page may have been fetched anew while a challenge is being solved.
  if (isActing || !act) return;
  isActing = true;
  const button = form.querySelector('button');
  if (button) button.disabled = true;
  try {
    await act(form, dress);
  } catch {
    say(voice.say('live.failed'));
  }
  if (button) button.disabled = false;
  isActing = false;
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
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void submit(form, dress);
    });
  }
};
