import type { ErrorHandler, Hono, NotFoundHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { Problem, problemResponse } from '../problem.ts';

/** Logs what went wrong inside; nothing of it goes out. */
export type FaultLog = (fault: { error: unknown; method: string; path: string }) => void;

/** Every thrown thing becomes a problem document; what is no Problem is `unavailable` and logged. */
export function onProblem(log: FaultLog): ErrorHandler {
  return (error, c) => {
    if (error instanceof Problem) {
      if (error.cause !== undefined) log({ error, method: c.req.method, path: c.req.path });
      return problemResponse(error.slug, error.details);
    }
    if (error instanceof HTTPException && error.status < 500) {
      return problemResponse('invalid-request', { detail: 'The request could not be read.' });
    }
    log({ error, method: c.req.method, path: c.req.path });
    return problemResponse('unavailable', { detail: 'Something failed here; try again shortly.' });
  };
}

/** 404, or 405 with `Allow` where the path exists for another method (RFC 9110 section 15.5.6). */
export function notFoundOrMethod(app: Pick<Hono, 'routes'>): NotFoundHandler {
  return (c) => {
    const allowed = new Set<string>();
    for (const route of app.routes) {
      if (route.method !== 'ALL' && pathPattern(route.path).test(c.req.path)) {
        allowed.add(route.method);
      }
    }
    if (allowed.size === 0) {
      return problemResponse('not-found', { detail: 'There is nothing at this address.' });
    }
    const allow = [...allowed].sort().join(', ');
    const detail = `This address answers ${allow}.`;
    return problemResponse('method-not-allowed', { detail, headers: { allow } });
  };
}

/** `/sales/:id` as a regular expression; `*` is left to middleware and matches nothing here. */
function pathPattern(path: string): RegExp {
  if (path.includes('*')) return /$^/;
  const source = path
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
