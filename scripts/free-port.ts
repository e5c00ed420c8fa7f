import { createServer } from 'node:net';

/** A port that nothing listens on at this moment. */
export const freePort = (): Promise<number> => freePortBase(0);

/**
 * A port from which `span` more are free too: the base of a stack. Below the range from which the
 * system takes the ports of outgoing connections, so that none of them comes between.
 */
export async function freePortBase(span: number): Promise<number> {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * 22_000);
    const ports = Array.from({ length: span + 1 }, (_, index) => base + index);
    const free = await Promise.all(ports.map(isPortFree));
    if (free.every(Boolean)) return base;
  }
}

/** True when nothing listens on the port, on the loopback or on any address. */
export async function isPortFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    if (!(await canListen(port, host))) return false;
  }
  return true;
}

function canListen(port: number, host: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
