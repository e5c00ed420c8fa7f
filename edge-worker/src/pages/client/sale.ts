import { dressForms } from './acting.ts';
import { warnOfEnd } from './announcing.ts';
import { tick } from './clock.ts';
import { takeOffer } from './offer.ts';
import { startPolling } from './polling.ts';
import { saleId } from './room.ts';
import { dressPage } from './showing.ts';
import { keepAwake, prepareTells } from './telling.ts';

// Makes the sale page live: polls as often as it is told to, counts down by the server's clock,
// tells when it is time, and puts in what has changed. Everything works without it, by forms and a
// refreshing page. Where the browser can, the place is bound to a key of its own: taking the token,
// leaving and joining again are proven by it.

const dress = (): void => {
  dressPage();
  dressForms(dress);
  prepareTells();
};

takeOffer(saleId);
dress();
startPolling(dress);
setInterval(() => {
  tick();
  warnOfEnd();
}, 1_000);
document.addEventListener('visibilitychange', keepAwake);
