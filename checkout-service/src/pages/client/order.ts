import { startOrderPage } from './order-page.ts';

startOrderPage();
