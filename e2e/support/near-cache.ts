import { createServer } from 'node:http';
import { portOf } from './port-of.ts';

/** The other side of workerd's Cache API, as Cloudflare's cache is it: what was put, by its path. */
export type NearCache = {
  address: string;
  /** Whole answers, head and body; `hangs` is never answered. */
  held: Map<string, string>;
  close(): void;
};

export const hangs = 'hangs';

export async function startNearCache(): Promise<NearCache> {
  const held = new Map<string, string>();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const path = `${request.headers['cf-cache-namespace']} ${request.url}`;
    const found = held.get(path);
    if (request.method === 'PUT') {
      held.set(path, body);
      response.writeHead(204).end();
    } else if (found === undefined) {
      response.writeHead(504, { 'cf-cache-status': 'MISS' }).end();
    } else if (found !== hangs) {
      response.writeHead(200, { 'cf-cache-status': 'HIT' }).end(found.split('\r\n\r\n')[1]);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `127.0.0.1:${portOf(server)}`, held, close };
}
