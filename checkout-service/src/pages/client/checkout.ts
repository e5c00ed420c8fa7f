import type { Mistake } from '../mistake.ts';
import type { CheckoutPhrase } from '../phrases.ts';
import { startCountdown } from './countdown.ts';
import { type Draft, freshKey, keepDraft, readClaims, storedDraft, takeToken } from './draft.ts';
import { announce, byId, isBusy, learnTime, pageVoice, serverNow, setBusy, show } from './page.ts';
import { redeem } from './redeeming.ts';
import { tokenAgain } from './token-again.ts';

const form = byId('redeem') as HTMLFormElement;
const { sale = '', serverTime = '' } = form.dataset;
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
const button = form.querySelector('button') as HTMLButtonElement;

// Before anything else: whoever looks at the address bar sees no token.
const given = takeToken(sale, field('token').value);
learnTime(serverTime);
const voice = pageVoice<CheckoutPhrase>();

/** What this tab had chosen with the same token, or with an earlier one of the same place. */
function restore(): void {
  const draft = storedDraft(sale);
  // What the server says after a mistake counts.
  if (byId('mistake')?.textContent) return;
  const { jti, cnf } = readClaims(given);
  const isSame = readClaims(draft.token ?? '').jti === jti;
  if (draft.key && isSame) field('key').value = draft.key;
  // Of a bound token the key may be known: nobody else can send it. So a redemption whose answer was
  // lost with its tab is answered again to the next tab, and the order is not out of reach.
  else if (cnf && jti) field('key').value = `page-${jti}`;
  if (draft.email) field('email').value = draft.email;
  if (draft.quantity) field('quantity').value = draft.quantity;
  for (const choice of form.querySelectorAll<HTMLInputElement>('input[name=productId]')) {
    if (choice.value === draft.productId) choice.checked = true;
  }
}

function draftNow(): Draft {
  const value = (name: string) => field(name)?.value ?? '';
  const { elements } = form;
  const productId = (elements.namedItem('productId') as RadioNodeList | HTMLInputElement).value;
  const [token, key, quantity, email] = ['token', 'key', 'quantity', 'email'].map(value);
  return {
    token: token ?? '',
    key: key ?? '',
    quantity: quantity ?? '',
    email: email ?? '',
    productId,
  };
}
const keep = () => {
  if (field('token').value !== '') keepDraft(sale, draftNow());
};

function showToken(token: string): void {
  const { exp, max } = readClaims(token);
  const isThere = token !== '';
  field('token').value = token;
  const hint = byId('no-token') as HTMLElement;
  hint.hidden = isThere;
  hint.classList.remove('late');
  button.disabled = !isThere;
  const timeLeft = byId('time-left') as HTMLElement;
  timeLeft.hidden = !exp || exp * 1_000 <= serverNow();
  if (exp) {
    timeLeft.classList.remove('unknown');
    byId('token-expiry')?.setAttribute('datetime', new Date(exp * 1_000).toISOString());
  }
  if (max) {
    field('quantity').max = String(max);
    show('quantity-hint', voice.say('checkout.upTo', { count: max }));
    (byId('quantity-field') as HTMLElement).hidden = max === 1 && field('quantity').value === '1';
  }
}

async function renewToken(): Promise<boolean> {
  const before = readClaims(field('token').value).exp ?? 0;
  const token = await tokenAgain(sale).catch(() => null);
  if (token === null || (readClaims(token).exp ?? 0) <= before) return false;
  showToken(token);
  keep();
  return true;
}

async function timeIsOver(): Promise<void> {
  if (field('token').value === '' || (await renewToken())) return;
  show('soon', '');
  (byId('time-left') as HTMLElement).hidden = true;
  // Nobody is taken away from what they are typing.
  show('mistake', voice.say('mistake.expired'));
}

function showTotal(): void {
  const chosen = form.querySelector<HTMLInputElement>('input[name=productId]:checked');
  const { price, currency } = chosen?.dataset ?? {};
  if (!price || !currency) return;
  const quantity = Math.max(1, Math.floor(Number(field('quantity').value)) || 1);
  show('total', voice.money(Number(price) * quantity, currency));
}

/** What went wrong, where it can be heard and reached: the summary, and at its field. */
function tell(mistake: Mistake | null): void {
  for (const input of form.querySelectorAll('[aria-invalid]')) {
    input.removeAttribute('aria-invalid');
    if (input.getAttribute('aria-describedby') === 'mistake')
      input.removeAttribute('aria-describedby');
  }
  const summary = byId('mistake') as HTMLElement;
  summary.replaceChildren();
  if (mistake === null) return;
  const text = voice.say(mistake.key, mistake.values);
  const wrong = mistake.field === null ? null : byId(mistake.field);
  if (wrong === null) {
    summary.textContent = text;
  } else {
    const link = document.createElement('a');
    link.href = `#${wrong.id}`;
    link.textContent = text;
    // The address of this page holds no fragment, nor shall it.
    link.addEventListener('click', (event) => {
      event.preventDefault();
      wrong.focus();
    });
    summary.append(link);
    wrong.setAttribute('aria-invalid', 'true');
    if (!wrong.hasAttribute('aria-describedby')) wrong.setAttribute('aria-describedby', 'mistake');
  }
  summary.focus();
}

function working(isWorking: boolean): void {
  setBusy(button, isWorking);
  const text = voice.say(isWorking ? 'checkout.working' : 'checkout.reserve');
  button.textContent = text;
  announce(isWorking ? text : '');
}

async function reserve(): Promise<void> {
  working(true);
  tell(null);
  const { productId, quantity, email } = draftNow();
  const redeemed = await redeem({
    token: () => field('token').value,
    key: () => field('key').value,
    renewKey() {
      field('key').value = freshKey();
      keep();
    },
    renewToken,
    body: { items: [{ productId, quantity: Number(quantity) }], ...(email ? { email } : {}) },
  });
  if ('orderId' in redeemed) {
    location.assign(`/checkout/orders/${redeemed.orderId}`);
    return;
  }
  working(false);
  tell(redeemed.mistake);
}

restore();
showToken(given);
keep();
showTotal();
if (byId('mistake')?.textContent) byId('mistake')?.focus();
form.addEventListener('input', () => {
  showTotal();
  keep();
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!isBusy(button)) void reserve();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) working(false);
});
addEventListener('offline', () => show('connection', voice.say('mistake.offline')));
addEventListener('online', () => {
  show('connection', '');
  announce(voice.say('order.back'));
});
startCountdown({
  'token-expiry': {
    warn: (left) =>
      show(
        'soon',
        left === null ? '' : voice.say('checkout.soonOver', { duration: voice.duration(left) }),
      ),
    over: () => void timeIsOver(),
  },
});
