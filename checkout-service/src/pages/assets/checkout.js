import { startCountdown } from './countdown.js';

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

function showTotal() {
  const chosen = form.querySelector('input[name=productId]:checked');
  const { price, currency } = chosen?.dataset ?? {};
  if (!price) return;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  const total = (Number(price) * Number(field('quantity').value || 1)) / 10 ** digits;
  document.querySelector('#total').textContent = format.format(total);
}

showToken(takeToken());
showTotal();
form.addEventListener('input', showTotal);
form.addEventListener('submit', () => {
  // After the browser has read the form: a second click must not send it again.
  setTimeout(() => {
    form.querySelector('button').disabled = true;
  });
});
addEventListener('pageshow', (event) => {
  if (event.persisted) form.querySelector('button').disabled = false;
});
startCountdown((id) => {
  if (id === 'token-expiry')
    document.querySelector('#time-left').textContent = 'The time to reserve is over.';
});
