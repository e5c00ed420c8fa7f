import type { Clock } from '@fairgate/shared/clock.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Caller } from '../app/caller.ts';
import type { WebhookLog } from '../app/webhook-log.ts';
import type { WebhookRecord } from '../app/webhook-ports.ts';
import type { Webhooks, WithSecret } from '../app/webhooks.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, serve } from './endpoint.ts';
import { etag } from './etag.ts';
import { onePage } from './list.ts';
import { webhookEndpoints } from './webhook-endpoints.ts';
import { viewDelivery, viewWebhook } from './webhook-views.ts';

type Parts = { webhooks: Webhooks; webhookLog: WebhookLog; clock: Clock };

export function webhookRoutes(api: Api, authenticate: Authenticate, parts: Parts): void {
  const { webhooks, webhookLog, clock } = parts;
  const { create, list, get, patch, remove, rotate, test, deliveries, retry } = webhookEndpoints;
  const view = (webhook: WebhookRecord, { role }: Caller) =>
    viewWebhook(webhook, { role, now: clock.now() });
  const answer = (c: ApiContext, webhook: WebhookRecord, caller: Caller) => {
    c.header('etag', etag(webhook.version));
    return c.json(view(webhook, caller));
  };
  const answerOnce = (c: ApiContext, made: WithSecret, caller: Caller, status: 200 | 201) => {
    c.header('etag', etag(made.version));
    c.header('cache-control', 'no-store');
    return c.json({ ...view(made, caller), secret: made.secret }, status);
  };
  serve(api, authenticate, create, async ({ c, caller, body }) => {
    const made = await webhooks.create(caller, body);
    c.header('location', `/v1/webhooks/${made.id}`);
    return answerOnce(c, made, caller, 201);
  });
  serve(api, authenticate, list, async ({ c, caller, query }) =>
    c.json(await onePage('hook', query, webhooks.page, (webhook) => view(webhook, caller))),
  );
  serve(api, authenticate, get, async ({ c, caller, id }) =>
    answer(c, await webhooks.get(id), caller),
  );
  serve(api, authenticate, patch, async ({ c, caller, id, body, expected }) =>
    answer(c, await webhooks.patch(caller, id, body, expected), caller),
  );
  serve(api, authenticate, remove, async ({ c, caller, id, expected }) => {
    await webhooks.remove(caller, id, expected);
    return c.body(null, 204);
  });
  serve(api, authenticate, rotate, async ({ c, caller, id, body, expected }) =>
    answerOnce(c, await webhooks.rotate(caller, id, body.overlapSeconds, expected), caller, 200),
  );
  serve(api, authenticate, test, async ({ c, caller, id }) =>
    c.json(viewDelivery(await webhookLog.test(caller, id)), 201),
  );
  serve(api, authenticate, deliveries, async ({ c, id, query }) =>
    c.json(await onePage('dlv', query, (page) => webhookLog.page(id, page), viewDelivery)),
  );
  serve(api, authenticate, retry, async ({ c, caller, id }) => {
    const deliveryId = c.req.param('deliveryId') ?? '';
    if (!isId('dlv', deliveryId)) throw new Problem('not-found', 'There is no such delivery.');
    return c.json(viewDelivery(await webhookLog.retry(caller, id, deliveryId)));
  });
}
