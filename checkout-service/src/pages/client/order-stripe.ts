import { startOrderPage } from './order-page.ts';
import { tendStripe } from './stripe-form.ts';

// What a bank's page has added to the address is read before the page takes it away.
const returned = new URLSearchParams(location.search);

startOrderPage(() => tendStripe(returned));
