import { connect, type Socket } from 'node:net';

/** What came of a load: how many a second, and how long they took. */
export type Load = { perSecond: number; p50Ms: number; p99Ms: number };

/**
 * One HTTP/1.1 connection that is kept, with as little work for each request as can be: the load
 * shares its processors with what it measures.
 */
type Wire = { send(request: Buffer): Promise<number>; close(): void };

async function openWire(port: number): Promise<Wire> {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let text = '';
  let waiting: { resolve(status: number): void; reject(error: Error): void } | null = null;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (!isWhole(text)) return;
    const status = Number(text.slice(9, 12));
    text = '';
    waiting?.resolve(status);
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')));
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return text.endsWith('\r\n0\r\n\r\n');
}

/** Each connection sends its next request when it has its answer: as fast as it goes. */
export async function fullSpeed(
  port: number,
  requests: readonly Buffer[],
  connections: number,
): Promise<Load> {
  const wires = await Promise.all(Array.from({ length: connections }, () => openWire(port)));
  const tookMs: number[] = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    wires.map(async (wire) => {
      for (let request = requests[next++]; request; request = requests[next++]) {
        const sentAt = performance.now();
        requireCreated(await wire.send(request));
        tookMs.push(performance.now() - sentAt);
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1_000;
  for (const wire of wires) wire.close();
  return loadOf(tookMs, seconds);
}

/**
 * Requests are sent at their time, whatever became of those before, and measured from the time at
 * which they were due: a server that stalls cannot hide it.
 */
export async function steadyRate(
  port: number,
  requests: readonly Buffer[],
  perSecond: number,
  connectionsMax: number,
): Promise<Load> {
  const idle = await Promise.all(Array.from({ length: connectionsMax }, () => openWire(port)));
  const wires = [...idle];
  const tookMs: number[] = [];
  const begun = performance.now();
  const dueAt = (i: number) => begun + (i / perSecond) * 1_000;
  let next = 0;
  const all = Promise.withResolvers<void>();
  const sendDue = () => {
    while (next < requests.length && dueAt(next) <= performance.now()) {
      const wire = idle.pop();
      if (!wire) return;
      const due = dueAt(next);
      const request = requests[next++] ?? Buffer.of();
      const answered = (status: number) => {
        requireCreated(status);
        tookMs.push(performance.now() - due);
        idle.push(wire);
        if (tookMs.length === requests.length) all.resolve();
        else sendDue();
      };
      wire.send(request).then(answered).catch(all.reject);
    }
  };
  const timer = setInterval(sendDue, 1);
  await all.promise.finally(() => clearInterval(timer));
  const seconds = (performance.now() - begun) / 1_000;
  for (const wire of wires) wire.close();
  return loadOf(tookMs, seconds);
}

function requireCreated(status: number): void {
  if (status !== 201) throw new Error(`a redemption was answered ${status}`);
}

function loadOf(tookMs: readonly number[], seconds: number): Load {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond: tookMs.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}
