import { hashOf, makeProof, storedKey } from './browser-key.js';
import { startCountdown } from './countdown.js';
import { tokenAgain } from './token-again.js';

const form = document.querySelector('#redeem');
const field = (name) => form.elements.namedItem(name);
const stored = `fg_token_${form.dataset.sale}`;

/** The token comes in the fragment, which no server sees; from the address bar it goes at once. */
function takeToken() {
  const fromAddress = new URLSearchParams(location.hash.slice(1)).get('token');
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  const given = fromAddress || field('token').value;
  if (given) sessionStorage.setItem(stored, given);
  return given || sessionStorage.getItem(stored) || '';
}

/** What the token says of itself, for showing; the server checks it. */
function readClaims(token) {
  try {
    const part = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(part));
  } catch {
    return {};
  }
}

function showToken(token) {
  const { exp, max } = readClaims(token);
  field('token').value = token;
  document.querySelector('#no-token').hidden = token !== '';
  form.querySelector('button').disabled = token === '';
  if (exp) {
    const time = document.querySelector('#token-expiry');
    time.setAttribute('datetime', new Date(exp * 1000).toISOString());
    document.querySelector('#time-left').hidden = false;
  }
  if (max && field('quantity').type === 'number') {
    field('quantity').max = max;
    if (max === 1) document.querySelector('#quantity-field').hidden = true;
  }
}

/** Takes the token again; true where it has more time, because a fault of ours had taken some. */
async function renewToken() {
  const before = readClaims(field('token').value).exp ?? 0;
  const token = await tokenAgain(form.dataset.sale).catch(() => null);
  if (token === null || readClaims(token).exp <= before) return false;
  sessionStorage.setItem(stored, token);
  showToken(token);
  return true;
}

async function timeIsOver() {
  if (field('token').value === '' || (await renewToken())) return;
  document.querySelector('#time-left').textContent = 'The time to reserve is over.';
}

function showTotal() {
  const chosen = form.querySelector('input[name=productId]:checked');
  const { price, currency } = chosen?.dataset ?? {};
  if (!price) return;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  const total = (Number(price) * Number(field('quantity').value || 1)) / 10 ** digits;
  document.querySelector('#total').textContent = format.format(total);
}

let clockOffsetMs = Date.parse(form.dataset.serverTime) - Date.now();
const path = '/v1/redemptions';
const attemptsMax = 5;

/** One try of the redemption, with a fresh proof; null where no answer came. */
async function tryRedeem(pair, token, json) {
  const nowMs = Date.now() + clockOffsetMs;
  const dpop = await makeProof(pair, { method: 'POST', path, ath: await hashOf(token), nowMs });
  const headers = {
    authorization: `DPoP ${token}`,
    dpop,
    'idempotency-key': field('key').value,
    'content-type': 'application/json',
  };
  try {
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(json) });
    return { response, body: await response.json() };
  } catch {
    return null;
  }
}

/** How long to wait before the same is asked again; null where the answer is the answer. */
function retryMs(answer, attempt) {
  if (answer === null) return 500 * attempt;
  const { response, body } = answer;
  if (body.type?.endsWith(':idempotency-key-reused')) {
    // The shopper came back and changed the form: a new key tells the two wishes apart.
    field('key').value = crypto.randomUUID();
    return 0;
  }
  if (body.type?.endsWith(':proof-invalid')) {
    // Sent twice on its way, or made by a clock that was set meanwhile.
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) clockOffsetMs = date - Date.now();
    return 0;
  }
  const retryAfter = response.headers.get('retry-after');
  return retryAfter === null ? null : Math.min(5, Number(retryAfter) || 1) * 1000;
}

/** A bound token is redeemed with a proof, which a form cannot send (RFC 9449). */
async function redeemBound() {
  const button = form.querySelector('button');
  button.disabled = true;
  tell('');
  const mistake = await redeemWithProofs();
  button.disabled = false;
  tell(mistake);
}

/** Goes to the order, or returns what went wrong. The same key stays for all the tries. */
async function redeemWithProofs() {
  const pair = await storedKey();
  if (pair === null) return 'This place belongs to the browser in which you joined the line.';
  const quantity = Number(field('quantity').value);
  const email = field('email').value;
  const items = [{ productId: field('productId').value, quantity }];
  let answer = null;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const token = field('token').value;
    answer = await tryRedeem(pair, token, { items, ...(email ? { email } : {}) });
    const isExpired = answer?.body.type?.endsWith(':token-expired') ?? false;
    const waitMs = isExpired && (await renewToken()) ? 0 : retryMs(answer, attempt);
    if (waitMs === null) break;
    if (attempt < attemptsMax) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  if (answer === null) return 'The checkout cannot be reached right now; try again shortly.';
  const { body } = answer;
  const orderId = body.order?.id ?? body.orderId;
  if (orderId) location.assign(`/checkout/orders/${orderId}`);
  if (orderId) return '';
  return body.errors?.map((error) => `${error.path}: ${error.message}`).join(', ') ?? body.detail;
}

function tell(mistake) {
  const element = document.querySelector('#mistake');
  element.textContent = mistake;
  element.hidden = mistake === '';
}

showToken(takeToken());
showTotal();
form.addEventListener('input', showTotal);
form.addEventListener('submit', (event) => {
  if (readClaims(field('token').value).cnf) {
    event.preventDefault();
    void redeemBound();
    return;
  }
  // After the browser has read the form: a second click must not send it again.
  setTimeout(() => {
    form.querySelector('button').disabled = true;
  });
});
addEventListener('pageshow', (event) => {
  if (event.persisted) form.querySelector('button').disabled = false;
});
startCountdown((id) => {
  if (id === 'token-expiry') void timeIsOver();
});
