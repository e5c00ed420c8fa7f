// Makes the sale page live: polls as often as it is told to, counts down by the server's clock,
// and fetches the page anew when the state of the place or of the sale has changed. Everything
// works without it, by forms and a refreshing page. Where the browser can, the place is bound to a
// key of its own: taking the token, leaving and joining again are proven by it.

import { browserKey, hashOf, makeProof, publicJwk, storedKey } from './browser-key.js';
import { forgetOffer, offerOf, takeOffer } from './offer.js';

const title = document.title;
let timer;
let pollDueAtMs = 0;
let clockOffsetMs = 0;

const room = () => document.getElementById('room');
const isInPlay = (state) => ['lobby', 'waiting', 'admitted', 'issued'].includes(state);
const field = (name) => room().querySelector(`[data-field="${name}"]`);
const put = (name, text) => {
  const element = field(name);
  if (element && element.textContent !== text) element.textContent = text;
};

const say = (text) => {
  const said = document.getElementById('said');
  said.textContent = text;
  said.hidden = text === '';
};

const minutes = (count) => (count === 1 ? '1 minute' : `${count} minutes`);
const waitWords = (eta) => {
  if (!eta) return 'Not known right now';
  if (eta.high < 60) return 'Less than a minute';
  const low = Math.max(1, Math.floor(eta.low / 60));
  const high = Math.max(low, Math.ceil(eta.high / 60));
  return low === high ? `About ${minutes(low)}` : `${low} to ${minutes(high)}`;
};
const whyWords = ({ state, ahead, etaSeconds, saleState }) => {
  if (saleState === 'paused') return 'The seller has paused the line. Everybody keeps their place.';
  if (saleState === 'sold_out') return 'If something comes back, the line moves on.';
  if (ahead === null) return 'Places are drawn at the start: coming early makes none better.';
  if (etaSeconds === null) return 'Nobody is let in at this moment. You keep your place.';
  if (state === 'lobby') return 'With the time until the start.';
  return 'As fast as the line has moved in the last minute.';
};
const outlookWords = ({ kind, unitsLeft, unitsHeld }) => {
  if (kind === 'sold_out') return 'Everything is sold.';
  if (unitsLeft === 0 && unitsHeld > 0) {
    return `${unitsHeld} ${unitsHeld === 1 ? 'is' : 'are'} in others' hands and may come back.`;
  }
  if (kind === 'likely') return `${unitsLeft} left: it looks good for you.`;
  return unitsHeld > 0
    ? `${unitsLeft} left for those ahead of you; ${unitsHeld} in unpaid orders may come back.`
    : `${unitsLeft} left, and those ahead of you may take them all.`;
};

const countdownWords = (ms) => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] > 0 ? parts : parts.slice(1);
  return shown.map((part, i) => (i === 0 ? `${part}` : `${part}`.padStart(2, '0'))).join(':');
};

const tick = () => {
  const now = Date.now() + clockOffsetMs;
  for (const element of room().querySelectorAll('[data-countdown]')) {
    element.textContent = countdownWords(Date.parse(element.dataset.countdown) - now);
    element.hidden = false;
  }
};

const localTimes = () => {
  for (const time of room().querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  }
};

const call = async (path, init) => {
  const response = await fetch(`/api/sales/${room().dataset.sale}${path}`, init);
  const body = response.status === 204 ? null : await response.json();
  return { response, body };
};

// With a proof for this very request, where the place is bound to the browser's key.
const prove = async (method, path, json) => {
  const { sale, ticketHash: ath } = room().dataset;
  const headers = json === undefined ? {} : { 'content-type': 'application/json' };
  const pair = ath ? await storedKey() : null;
  if (pair !== null) {
    const nowMs = Date.now() + clockOffsetMs;
    headers.dpop = await makeProof(pair, { method, path: `/api/sales/${sale}${path}`, ath, nowMs });
  }
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  return await call(path, { method, headers, ...body });
};

const asksFor = (step) => room().dataset.challenge.split(' ').includes(step);

const solved = async (step) => {
  const { solve } = await import('./challenge.js');
  return await solve(room().dataset.sale, step);
};

// With a solved challenge where one is due, and once more with a fresh one where that was refused.
const sendSolved = async (step, isDue, send) => {
  const answer = await send(isDue ? await solved(step) : {});
  const isRefused = answer.response.status === 403 && answer.body.type.includes(':challenge-');
  return isRefused ? await send(await solved(step)) : answer;
};

// Fetches the page itself, so that its words stand in one place.
const renew = async () => {
  const before = room().dataset.place;
  const response = await fetch(location.pathname, { headers: { accept: 'text/html' } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const next = page.getElementById('room');
  if (!next) return;
  room().replaceWith(next);
  dress();
  const isTurn = next.dataset.place === 'admitted' || next.dataset.place === 'issued';
  document.title = isTurn ? `It is your turn · ${title}` : title;
  if (before !== next.dataset.place) next.querySelector('h2')?.focus();
};

const show = (place) => {
  put('ahead', `${place.ahead ?? '–'}`);
  put('behind', `${place.behind ?? '–'}`);
  put('number', `${place.number}`);
  put('wait', waitWords(place.etaSeconds));
  put('why', whyWords(place));
  put('outlook', outlookWords(place.outlook));
  const halted = field('halted');
  if (halted) halted.hidden = place.halted !== true;
  const stale = field('stale');
  if (stale) stale.hidden = place.stale !== true;
};

const hasChanged = (saleState, message) =>
  saleState !== room().dataset.state || message !== room().dataset.message;

// Nobody stood anywhere when the page was made.
const isDrawnSince = ({ ahead }) => ahead !== null && field('ahead')?.textContent === '–';

const pollPlace = async () => {
  const { response, body } = await call('/place');
  if (response.ok) {
    const { place, ticket } = body;
    if (ticket && room().dataset.ticketHash) room().dataset.ticketHash = await hashOf(ticket);
    const isSame = place.state === room().dataset.place && !isDrawnSince(place);
    if (!isSame || hasChanged(place.saleState, place.message)) {
      await renew();
    } else show(place);
    return place.pollAfterSeconds;
  }
  if (response.status === 401) {
    await renew();
    // A page that is refused too (a place that was revoked) stays, with the reason on it.
    if (body.type.endsWith(':token-revoked')) say(body.detail);
  }
  return Number(response.headers.get('retry-after')) || 5;
};

const pollSale = async () => {
  const { response, body } = await call('');
  if (response.ok && hasChanged(body.state, body.message)) await renew();
  if (!response.ok || body.state === 'closed') return 30;
  const untilStart = (Date.parse(body.startsAt) - Date.parse(body.serverTime)) / 1000;
  return untilStart > 0 ? Math.min(10, Math.max(1, untilStart)) : 10;
};

const poll = async () => {
  clearTimeout(timer);
  let seconds = 5;
  try {
    seconds = await (isInPlay(room().dataset.place) ? pollPlace() : pollSale());
  } catch {
    // The network is away: the place is kept, so keep asking.
  }
  plan(seconds);
};

const plan = (seconds) => {
  clearTimeout(timer);
  pollDueAtMs = Date.now() + seconds * 1000;
  timer = setTimeout(poll, seconds * 1000);
};

// A browser that has lost its key forgets a place that has ended, and joins as somebody new.
const forget = async () => {
  await fetch(`/sales/${room().dataset.sale}/leave`, { method: 'POST', redirect: 'manual' });
  room().dataset.ticketHash = '';
};

// What stands in the form's field counts before what the shop's link brought.
const offered = (form) => {
  const pass = form.elements.pass?.value.trim();
  return { ...offerOf(room().dataset.sale), ...(pass ? { pass } : {}) };
};

const join = async (form) => {
  const offer = offered(form);
  const pair = room().dataset.bind === 'off' ? null : await browserKey();
  const key = pair === null ? {} : { publicKey: await publicJwk(pair) };
  const send = (more) => prove('POST', '/place', { ...key, ...offer, ...more });
  // Whoever has a place, or had one, has solved one for it.
  let answer = await sendSolved('join', asksFor('join') && room().dataset.place === '', send);
  if (
    answer.response.status === 409 &&
    answer.body.type.endsWith(':conflict') &&
    !answer.body.reason
  ) {
    await forget();
    answer = await sendSolved('join', asksFor('join'), send);
  }
  const { response, body } = answer;
  if (response.ok) forgetOffer(room().dataset.sale);
  else say(body.detail);
  await renew();
  if (!response.ok) say(body.detail);
};

const buy = async () => {
  // The token that was issued is the same again, and asks for nothing.
  const isDue = asksFor('token') && room().dataset.place === 'admitted';
  const send = (more) => prove('POST', '/place/token', more);
  const { response, body } = await sendSolved('token', isDue, send);
  if (response.ok) {
    // Of this origin, whatever `checkoutUrl` says: the key is in no other.
    location.assign(`/checkout?sale=${room().dataset.sale}#token=${body.token}`);
    return;
  }
  await renew();
  if ([401, 403, 503].includes(response.status)) say(body.detail);
};

// Without the key the place stays, and the form makes this browser forget it.
const leave = async (form) => {
  const { response } = await prove('DELETE', '/place');
  if (response.ok) await renew();
  else form.submit();
};

let isActing = false;
const submit = async (event, act) => {
  event.preventDefault();
  // The page may have been fetched anew while a challenge is being solved.
  if (isActing) return;
  isActing = true;
  const button = event.target.querySelector('button');
  button.disabled = true;
  try {
    await act(event.target);
  } catch {
    say('That did not work. Please try again.');
  }
  button.disabled = false;
  isActing = false;
  plan(Number(room().dataset.pollAfter) || 5);
};

const dress = () => {
  const { serverTime } = room().dataset;
  clockOffsetMs = Date.parse(serverTime) - Date.now();
  localTimes();
  tick();
  const { pass } = offerOf(room().dataset.sale);
  for (const input of pass ? room().querySelectorAll('input[name="pass"]') : []) {
    input.value = pass;
    input.closest('details').open = true;
  }
  for (const form of room().querySelectorAll('form[data-form]')) {
    const act = { join, buy, leave }[form.dataset.form];
    form.addEventListener('submit', (event) => submit(event, act));
  }
};

document.addEventListener('visibilitychange', () => {
  // Timers of a hidden page are late: catch up when it is looked at again.
  if (!document.hidden && Date.now() >= pollDueAtMs) void poll();
});
setInterval(tick, 1000);
takeOffer(room().dataset.sale);
dress();
plan(Number(room().dataset.pollAfter) || 5);
