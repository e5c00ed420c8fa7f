import type { Clock } from '@fairgate/shared/clock.ts';
import type { Store } from '../src/app/ports.ts';
import { webhookLog } from '../src/app/webhook-log.ts';
import { sealer } from '../src/app/webhook-secrets.ts';
import { webhooks } from '../src/app/webhooks.ts';

export const testSealer = sealer([Buffer.alloc(32, 9)]);

/** What the API has of webhooks; on one's own machine, as tests are. */
export function testHooks(store: Store, clock: Clock) {
  return {
    webhooks: webhooks({ store, clock, sealer: testSealer, allowPrivate: true }),
    webhookLog: webhookLog({ store, clock }),
  };
}
