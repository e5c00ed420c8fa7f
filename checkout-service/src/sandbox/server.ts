import { createHash, timingSafeEqual } from 'node:crypto';
import { jsonBody } from '@fairgate/shared/http/body.ts';
import { type FaultLog, notFoundOrMethod, onProblem } from '@fairgate/shared/http/refusals.ts';
import { type RequestVariables, requestId } from '@fairgate/shared/http/request-id.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { HttpBindings } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { createSchema } from './api.ts';
import { type Controls, controlsSchema, makeControls } from './controls.ts';
import type { SandboxProvider } from './provider.ts';

type Env = { Variables: RequestVariables; Bindings: Partial<HttpBindings> };

/** The sandbox provider's own HTTP API. `key`: what callers must show, where one is set. */
export function sandboxApp(
  provider: SandboxProvider,
  log: FaultLog,
  { controls = makeControls(), key }: { controls?: Controls; key?: string | undefined } = {},
): Hono<Env> {
  const app = new Hono<Env>();
  app.use(requestId());
  app.onError(onProblem(log));
  app.notFound(notFoundOrMethod(app));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  if (key !== undefined) app.use('/v1/*', requireKey(key));
  app.get('/v1/controls', (c) => c.json(controls.now));
  app.put('/v1/controls', async (c) => {
    controls.now = await jsonBody(c, controlsSchema);
    return c.json(controls.now);
  });
  app.use('/v1/payments', misbehave(controls));
  app.use('/v1/payments/*', misbehave(controls));
  paymentRoutes(app, provider);
  return app;
}

function paymentRoutes(app: Hono<Env>, provider: SandboxProvider): void {
  app.post('/v1/payments', async (c) => {
    const answer = await provider.create(await jsonBody(c, createSchema));
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
}

function requireKey(key: string): MiddlewareHandler<Env> {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const wanted = digest(`Bearer ${key}`);
  return async (c, next) => {
    const given = digest(c.req.header('authorization') ?? '');
    if (!timingSafeEqual(given, wanted)) throw new Problem('unauthorized', 'The key is missing.');
    await next();
  };
}

/** Does wrong what the controls ask for: hang -> delay -> fail -> do -> lose the answer. */
function misbehave(controls: Controls): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { hang, delayMsMin, delayMsMax, failureRate, lostAnswers } = controls.now;
    if (hang) await new Promise<never>(() => {});
    const delayMs = delayMsMin + Math.random() * Math.max(0, delayMsMax - delayMsMin);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (controls.happens(failureRate)) throw new Problem('unavailable', 'The sandbox fails.');
    await next();
    if (controls.happens(lostAnswers)) c.env.incoming?.socket.resetAndDestroy();
  };
}
