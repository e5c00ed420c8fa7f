// Makes the sale page live: polls as often as it is told to, counts down by the server's clock,
// and fetches the page anew when the state of the place or of the sale has changed. Everything
// works without it, by forms and a refreshing page.

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
const outlookWords = ({ kind, unitsLeft, unitsHeld }) => {
  if (kind === 'likely') return `${unitsLeft} left: it looks good for you.`;
  if (kind === 'sold_out') return 'Everything is sold.';
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
  put('outlook', outlookWords(place.outlook));
  const halted = field('halted');
  if (halted) halted.hidden = place.halted !== true;
  const stale = field('stale');
  if (stale) stale.hidden = place.stale !== true;
};

const hasChanged = (saleState, message) =>
  saleState !== room().dataset.state || message !== room().dataset.message;

const pollPlace = async () => {
  const { response, body } = await call('/place');
  if (response.ok) {
    const { place } = body;
    if (place.state !== room().dataset.place || hasChanged(place.saleState, place.message)) {
      await renew();
    } else show(place);
    return place.pollAfterSeconds;
  }
  if (response.status === 401) await renew();
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

const join = async () => {
  const { response, body } = await call('/place', { method: 'POST' });
  if (!response.ok) say(body.detail);
  await renew();
  if (!response.ok) say(body.detail);
};

const buy = async () => {
  const { response, body } = await call('/place/token', { method: 'POST' });
  if (response.ok) location.assign(`${body.checkoutUrl}#token=${body.token}`);
  else await renew();
};

const submit = async (event, act) => {
  event.preventDefault();
  const button = event.target.querySelector('button');
  button.disabled = true;
  try {
    await act();
  } catch {
    say('That did not work. Please try again.');
  }
  button.disabled = false;
  plan(Number(room().dataset.pollAfter) || 5);
};

const dress = () => {
  const { serverTime } = room().dataset;
  clockOffsetMs = Date.parse(serverTime) - Date.now();
  localTimes();
  tick();
  for (const form of room().querySelectorAll('form[data-form]')) {
    const act = form.dataset.form === 'join' ? join : buy;
    form.addEventListener('submit', (event) => submit(event, act));
  }
};

document.addEventListener('visibilitychange', () => {
  // Timers of a hidden page are late: catch up when it is looked at again.
  if (!document.hidden && Date.now() >= pollDueAtMs) void poll();
});
setInterval(tick, 1000);
dress();
plan(Number(room().dataset.pollAfter) || 5);
