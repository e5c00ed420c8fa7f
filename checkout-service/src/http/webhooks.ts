import { bodyText } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import type { Received } from './answers.ts';
import type { AppEnv, HttpDeps } from './deps.ts';

/** `POST /webhooks/{provider}`: the payment provider's signed event, over its raw body. */
export function webhookRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post('/webhooks/:provider', async (c) => {
    const provider = c.req.param('provider');
    const body = await bodyText(c);
    const outcome = await deps.payments.takeWebhook(provider, body, (name) => c.req.header(name));
    switch (outcome.kind) {
      case 'unknown-provider':
        throw new Problem('not-found', 'There is no such provider.');
      case 'forged':
        deps.log.warn({ provider, why: outcome.why }, 'a webhook was not genuine');
        throw new Problem('unauthorized', 'The signature does not fit.');
      case 'not-json':
        throw new Problem('unsupported-media-type', 'Send application/json.');
      case 'unreadable':
        throw new Problem('invalid-request', 'The event could not be read.');
      case 'other':
        return c.json({ received: true } satisfies Received);
      case 'taken':
        if (outcome.reply.kind === 'unknown') {
          // Repeating it would not help, so the provider is told to stop.
          deps.log.warn({ provider }, 'an event was about no payment of ours');
        }
        return c.json({ received: true } satisfies Received);
    }
  });
  return app;
}
