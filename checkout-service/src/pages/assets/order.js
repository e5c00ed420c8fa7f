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

function follow() {
  if (order().dataset.state !== 'awaiting_payment') return;
  const events = new EventSource(`/v1/orders/${order().dataset.id}/events`);
  events.addEventListener('order', async (event) => {
    const { state } = JSON.parse(event.data);
    if (state !== 'awaiting_payment') events.close();
    await refresh();
  });
}

// The purchase token has become this order, and is worth nothing more to this tab.
sessionStorage.removeItem(`fg_token_${order().dataset.sale}`);
follow();
startCountdown(() => setTimeout(refresh, 1500));
