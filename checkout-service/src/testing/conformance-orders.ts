import { newId } from '@fairgate/shared/ids.ts';
import { expect } from 'vitest';
import { expectProblem } from '../../../e2e/support/problem.ts';
import type { Rig } from './checkout-rig.ts';
import { rigInternalKey } from './checkout-rig.ts';
import { bearer, form, type Judged, post } from './conformance-rig.ts';
import { cards, type PlacedOrder, placeOrder } from './payment-rig.ts';
import type { SandboxRig } from './sandbox-rig.ts';
import type { StripeRig } from './stripe-rig.ts';

type Ask = Judged['ask'];

const actions = ['payments', 'cancel', 'extend'] as const;
const json = { 'content-type': 'application/json' };
const payText = JSON.stringify({ provider: 'sandbox', card: cards.pays });
const payForm = { card: cards.pays };

/** What a shopper asks of an order, as the API and as its page have it. */
const ofApi = (
  { path, key }: Pick<PlacedOrder, 'path' | 'key'>,
  action: (typeof actions)[number],
) => post(`${path}/${action}`, { ...json, ...bearer(key) }, action === 'payments' ? payText : '');
const ofPage = (
  { id, key }: Pick<PlacedOrder, 'id' | 'key'>,
  action: 'pay' | 'cancel' | 'extend',
) => form(`/checkout/orders/${id}/${action}`, action === 'pay' ? payForm : {}, key);

/** Whoever has another key, or comes from another page, sees none. */
export async function ofOthers(rig: Rig, ask: Ask): Promise<void> {
  const { id, key, path } = await placeOrder(rig);
  const other = { id, path, key: 'another' };
  const foreign = { cookie: `fg_order_${id}=${key}`, origin: 'https://evil.example' };
  const reads = [path, `${path}/events`];
  for (const target of reads) {
    const asked = { method: 'GET', target };
    expectProblem(await ask(rig, { ...asked, headers: bearer('another') }), 'not-found');
    expectProblem(await ask(rig, { ...asked, headers: foreign }), 'forbidden');
  }
  const page = { method: 'GET', target: `/checkout/orders/${id}` };
  expect((await ask(rig, { ...page, headers: bearer('another') })).status).toBe(404);
  expectProblem(await ask(rig, { ...page, headers: foreign }), 'forbidden');
  for (const action of actions) {
    expectProblem(await ask(rig, ofApi(other, action)), 'not-found');
    const { authorization: _, ...bare } = ofApi(other, action).headers;
    const asked = { ...ofApi(other, action), headers: { ...bare, ...foreign } };
    expectProblem(await ask(rig, asked), 'forbidden');
  }
  for (const action of ['pay', 'cancel', 'extend'] as const) {
    expect((await ask(rig, ofPage(other, action))).status).toBe(404);
    const { authorization: _, ...bare } = ofPage(other, action).headers;
    const asked = { ...ofPage(other, action), headers: { ...bare, ...foreign } };
    expectProblem(await ask(rig, asked), 'forbidden');
  }
}

/** Paid, run out, extended before: what cannot be done any more. */
export async function byState(rig: Rig, ask: Ask): Promise<void> {
  const paid = await placeOrder(rig);
  const read = (known = '') => {
    const headers = { ...bearer(paid.key), 'if-none-match': known };
    return ask(rig, { method: 'GET', target: paid.path, headers });
  };
  const unpaid = (await read()).headers.get('etag') ?? '';
  for (const known of [`"other", ${unpaid}`, '*']) expect((await read(known)).status).toBe(304);
  await paid.pay();
  await paid.reaches('paid');
  expect((await read(unpaid)).status).toBe(200);
  const late = await placeOrder(rig);
  await late.runsOut();
  await late.reaches('expired');
  for (const action of actions) {
    expectProblem(await ask(rig, ofApi(paid, action)), 'conflict');
    const refused = await ask(rig, ofApi(late, action));
    expectProblem(refused, action === 'cancel' ? 'conflict' : 'order-expired');
  }
  for (const action of ['pay', 'cancel', 'extend'] as const) {
    expect((await ask(rig, ofPage(paid, action))).status).toBe(409);
    expect((await ask(rig, ofPage(late, action))).status).toBe(action === 'cancel' ? 409 : 410);
  }
  const bad = form(`/checkout/orders/${paid.id}/pay`, { card: 'no card' }, paid.key);
  expect((await ask(rig, bad)).status).toBe(400);
  const refund = (id: string) => {
    const headers = { ...json, ...bearer(rigInternalKey) };
    return post(`/internal/orders/${id}/refund`, headers, '{"actor":"key:key_1"}');
  };
  expectProblem(await ask(rig, refund(late.id)), 'conflict');
  expectProblem(await ask(rig, refund(newId('ord'))), 'not-found');
}

/** A provider that fails: the order is kept. */
export async function byProvider(rig: Rig, sandbox: SandboxRig, ask: Ask): Promise<void> {
  sandbox.misbehave({ failureRate: 1 });
  const [one, two] = [await placeOrder(rig), await placeOrder(rig)];
  expectProblem(await ask(rig, ofApi(one, 'payments')), 'payment-unavailable');
  expect((await ask(rig, ofPage(two, 'pay'))).status).toBe(503);
  sandbox.misbehave();
}

/** Declined in the call itself. */
export async function byStripe({ rig, stripe, place }: StripeRig, ask: Ask): Promise<void> {
  const order = await place();
  stripe.fault = 'declines';
  const text = '{"provider":"stripe"}';
  const declined = post(`${order.path}/payments`, { ...json, ...bearer(order.key) }, text);
  expectProblem(await ask(rig, declined), 'payment-declined');
  stripe.fault = null;
}
