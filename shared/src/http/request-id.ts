import type { MiddlewareHandler } from 'hono';
import { newId } from '../ids.ts';

export type RequestVariables = { requestId: string };

const wellFormed = /^[A-Za-z0-9_.:-]{8,128}$/;

/** Every response carries `x-request-id`; one sent by the client is kept when it is well formed. */
export function requestId(): MiddlewareHandler<{ Variables: RequestVariables }> {
  return async (c, next) => {
    const given = c.req.header('x-request-id');
    const id = given !== undefined && wellFormed.test(given) ? given : newId('req');
    c.set('requestId', id);
    await next();
    c.res.headers.set('x-request-id', id);
  };
}
