import { startCountdown } from './countdown.js';

const order = () => document.querySelector('#order');

/** The server renders the page; a change replaces what is shown, unless it is the same still. */
async function refresh() {
  const reply = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!reply.ok) return;
  const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html');
  const next = fresh.querySelector('#order');
  if (!next) return;
  const same = ['version', 'state', 'paying'].every((k) => next.dataset[k] === order().dataset[k]);
  if (same) return;
  const typed = document.querySelector('input[name=card]')?.value ?? '';
  order().replaceWith(next);
  const card = document.querySelector('input[name=card]');
  if (card) card.value = typed;
  document.title = fresh.title;
}

/** An expired order may be paid by money that comes late, so it is followed while the stream lasts. */
function follow() {
  const isOpen = (state) => state === 'awaiting_payment' || state === 'expired';
  if (!isOpen(order().dataset.state)) return;
  const events = new EventSource(`/v1/orders/${order().dataset.id}/events`);
  events.addEventListener('order', async (event) => {
    if (!isOpen(JSON.parse(event.data).state)) events.close();
    await refresh();
  });
  events.addEventListener('error', () => {
    if (order().dataset.state === 'expired') events.close();
  });
}

// The purchase token has become this order, and is worth nothing more to this tab.
sessionStorage.removeItem(`fg_token_${order().dataset.sale}`);
follow();
startCountdown(() => setTimeout(refresh, 1500));
