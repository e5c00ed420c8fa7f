import type { Server } from 'node:http';
import { nodeServer } from '@fairgate/shared/http/node-server.ts';

export type HttpServer = { port: number; stop(graceMs: number): Promise<void> };

/** Serves an app with limits on slow clients. Rejects where the port is taken. */
export async function serveHttp(
  app: { fetch(request: Request): Response | Promise<Response> },
  place: { host: string; port: number },
): Promise<HttpServer> {
  const server = nodeServer(app);
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.port, place.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : place.port,
    stop: (graceMs) => stop(server, graceMs),
  };
}

/** Takes no new connections, lets requests end, and closes what is still open after the grace. */
async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(force);
}
