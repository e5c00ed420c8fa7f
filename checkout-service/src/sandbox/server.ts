import { jsonBody } from '@fairgate/shared/http/body.ts';
import { type FaultLog, notFoundOrMethod, onProblem } from '@fairgate/shared/http/refusals.ts';
import { type RequestVariables, requestId } from '@fairgate/shared/http/request-id.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import { createSchema } from './api.ts';
import type { SandboxProvider } from './provider.ts';

/** The sandbox provider's own HTTP API. */
export function sandboxApp(
  provider: SandboxProvider,
  log: FaultLog,
): Hono<{ Variables: RequestVariables }> {
  const app = new Hono<{ Variables: RequestVariables }>();
  app.use(requestId());
  app.onError(onProblem(log));
  app.notFound(notFoundOrMethod(app));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.post('/v1/payments', async (c) => {
    const answer = provider.create(await jsonBody(c, createSchema));
    switch (answer.kind) {
      case 'taken':
        return c.json(answer.payment, 202);
      case 'unknown-card':
        throw new Problem('invalid-request', {
          detail: 'The sandbox knows no such card.',
          errors: [{ path: 'card', message: 'is not a sandbox card' }],
        });
      case 'fails':
        throw new Problem('unavailable', 'The sandbox fails for this card.');
    }
  });
  app.get('/v1/payments/:id', (c) => {
    const payment = provider.find(c.req.param('id'));
    if (!payment) throw new Problem('not-found', 'There is no such payment.');
    return c.json(payment);
  });
  app.post('/v1/payments/:reference/refunds', (c) => {
    const payment = provider.refund(c.req.param('reference'));
    if (payment === 'unknown') throw new Problem('not-found', 'There is no such payment.');
    if (payment === 'not-paid') throw new Problem('conflict', 'The payment has not succeeded.');
    return c.json(payment);
  });
  return app;
}
