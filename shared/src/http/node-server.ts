import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import { newId } from '../ids.ts';
import { problemResponse, problems } from '../problem.ts';

/** All that nginx lets through (a line of 4 KiB and four buffers of 8), and what it adds. */
const headerBytesMax = 40 * 1024;

/** An app served by node, which answers with a problem document what the app never sees too. */
export function nodeServer(app: { fetch(request: Request): Response | Promise<Response> }): Server {
  const errorHandler = (error: unknown) =>
    error instanceof RequestError ? unreadable() : problemResponse('unavailable', failed);
  const listener = getRequestListener(app.fetch, { errorHandler });
  const server = createServer({ maxHeaderSize: headerBytesMax }, listener);
  // Their size is the limit.
  server.maxHeadersCount = 0;
  refuseUnreadable(server);
  return server;
}

/** Who is slow or gone is only cut off. */
function refuseUnreadable(server: Server): void {
  const busy = new WeakSet<Duplex>();
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    busy.add(socket);
    response.once('close', () => busy.delete(socket));
  });
  server.on('clientError', async ({ code }: NodeJS.ErrnoException, socket) => {
    const isGone = !socket.writable || code === 'ECONNRESET';
    // In the middle of another answer it would become a part of that.
    if (isGone || code === 'ERR_HTTP_REQUEST_TIMEOUT' || busy.has(socket)) socket.destroy();
    else socket.end(await asText(unreadable()));
  });
}

const failed = { detail: 'Something failed here; try again shortly.' };

/** With an id, as every answer has one. */
function unreadable(): Response {
  return problemResponse('invalid-request', {
    detail: 'The request line, its headers or their size cannot be accepted.',
    headers: { 'x-request-id': newId('req') },
  });
}

/** The answer as it goes over the connection, which ends with it. */
async function asText(response: Response): Promise<string> {
  const { status } = problems['invalid-request'];
  const body = await response.text();
  const length = `content-length: ${Buffer.byteLength(body)}`;
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} Bad Request`, ...headers, length, 'connection: close'];
  return [...head, '', body].join('\r\n');
}
