import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { testType } from '../domain/webhook-events.ts';
import { by, type Caller } from './caller.ts';
import { madeOnce } from './once.ts';
import type { PageOf, Rows, Store } from './ports.ts';
import type { DeliveryRecord, DeliveryState, WebhookRecord } from './webhook-ports.ts';
import { existing } from './webhooks.ts';

export type WebhookLog = {
  /** What an endpoint was told, newest first. Throws `not-found`. */
  page(
    webhookId: string,
    page: PageOf & { state?: DeliveryState | undefined },
  ): Promise<DeliveryRecord[]>;
  /** Sends a `webhook.test`, whatever types it wants; `conflict` where it is switched off. */
  test(caller: Caller, webhookId: string): Promise<DeliveryRecord>;
  /** Sends an event once more at once, by its old id; `conflict` where it is switched off. */
  retry(caller: Caller, webhookId: string, deliveryId: string): Promise<DeliveryRecord>;
};

type Parts = { store: Store; clock: Clock };

export function webhookLog(parts: Parts): WebhookLog {
  const { store, clock } = parts;
  return {
    async page(webhookId, page) {
      await existing(store, webhookId);
      return await store.webhooks.deliveries({ ...page, webhookId });
    },
    test: (caller, webhookId) =>
      madeOnce(parts, caller, async (rows) => {
        requireOn(await existing(rows, webhookId, 'update'));
        const at = clock.now();
        const key = `test:${newId('evt', at)}`;
        const event = { type: testType, key, at, saleId: null, data: { webhookId } } as const;
        const [deliveryId = ''] = await rows.webhooks.tell([event], at, webhookId);
        await rows.note({ ...by(caller), action: 'webhook.tested', detail: { webhookId } });
        return await delivery(rows, webhookId, deliveryId);
      }),
    retry: (caller, webhookId, deliveryId) =>
      store.transaction(async (rows) => {
        requireOn(await existing(rows, webhookId, 'update'));
        await delivery(rows, webhookId, deliveryId);
        await rows.webhooks.again(deliveryId, clock.now());
        const detail = { webhookId, deliveryId };
        await rows.note({ ...by(caller), action: 'webhook.retried', detail });
        return await delivery(rows, webhookId, deliveryId);
      }),
  };
}

async function delivery(rows: Rows, webhookId: string, id: string): Promise<DeliveryRecord> {
  const found = await rows.webhooks.delivery(webhookId, id);
  if (found === null) throw new Problem('not-found', 'There is no such delivery.');
  return found;
}

function requireOn({ active }: WebhookRecord): void {
  if (active) return;
  throw new Problem('conflict', 'The webhook is switched off; switch it on first.');
}
