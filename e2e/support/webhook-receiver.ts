import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

export type Received = { id: string; headers: IncomingHttpHeaders; body: string; event: Event };
type Event = { type: string; timestamp: string; data: Record<string, unknown> };
const eventSchema = z.object({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});

/** A shop's server: keeps what it was sent, and answers as it is told to. */
export async function webhookReceiver(port = 0) {
  const all: Received[] = [];
  const open = new Set<ServerResponse>();
  const receiver = {
    all,
    /** Requests that are not answered yet. */
    open,
    answer: (response: ServerResponse, _received: Received): void => void response.end('thanks'),
    types: () => all.map(({ event }) => event.type),
    url: '',
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer((request, response) => {
    let body = '';
    open.add(response);
    response.on('close', () => open.delete(response));
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { headers } = request;
      const event = eventSchema.parse(JSON.parse(body));
      const received = { id: String(headers['webhook-id']), headers, body, event };
      all.push(received);
      receiver.answer(response, received);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  onTestFinished(receiver.close);
  return receiver;
}

/**
 * As a shop would check it, by the words of the specification: the signature of
 * `id.timestamp.body` is one of those in the header.
 */
export function isSignedBy(secret: string, { headers, body }: Received): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given } = headers;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return String(given).split(' ').includes(`v1,${signature}`);
}
