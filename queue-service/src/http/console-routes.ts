import { Problem } from '@fairgate/shared/problem.ts';
import type { ConsoleFile, ConsoleFiles } from '../app/console-ports.ts';
import type { Api, ApiContext } from './endpoint.ts';

/** Nothing but its own files, this service, and pictures of products, wherever shops keep them. */
export const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: https: http:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The console: files with their content in their names, and its page for every other address. */
export function consoleRoutes(api: Api, files: ConsoleFiles | null): void {
  api.get('/console/assets/:name', (c) => {
    const file = files?.get(`assets/${c.req.param('name')}`);
    if (file === undefined) throw new Problem('not-found', 'There is no such file.');
    return answer(c, file, 'public, max-age=31536000, immutable');
  });
  // Behind those of its own: the page of jobs, the login.
  for (const path of ['/console', '/console/*']) {
    api.get(path, (c) => {
      const page = files?.get('index.html');
      if (page === undefined) {
        const detail = 'The console is not built: run `npm run console`, and start this anew.';
        throw new Problem('not-found', detail);
      }
      return answer(c, page, 'no-store');
    });
  }
}

function answer(c: ApiContext, file: ConsoleFile, caching: string): Response {
  const accepted = c.req.header('accept-encoding') ?? '';
  const encoding = ['br', 'gzip'].find((one) => new RegExp(`\\b${one}\\b`).test(accepted));
  const body = encoding === 'br' ? file.brotli : encoding === 'gzip' ? file.gzip : file.plain;
  return c.body(body, 200, {
    'content-type': file.type,
    'cache-control': caching,
    'content-security-policy': consolePolicy,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  });
}
