import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificates } from './certificates.ts';

export type TlsFront = { port: number; stop(): Promise<void> };

/**
 * A Postgres server as one that speaks TLS is seen: the first message of a client asks for it. With
 * no certificates it answers that it does not. Whoever starts it stops it.
 */
export async function startTlsFront(
  serverPort: number,
  files: Certificates | null,
): Promise<TlsFront> {
  const secrets = files && { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
  const sockets = new Set<Socket>();
  const server = createServer((raw) => {
    sockets.add(raw);
    raw.on('error', () => {}).once('close', () => sockets.delete(raw));
    raw.once('data', () => {
      raw.write(secrets ? 'S' : 'N');
      const client = secrets ? new TLSSocket(raw, { isServer: true, ...secrets }) : raw;
      join(client, connect(serverPort, '127.0.0.1'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function join(client: Socket, upstream: Socket): void {
  for (const [end, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    end.on('error', () => {}).once('close', () => other.destroy());
    end.pipe(other);
  }
}
