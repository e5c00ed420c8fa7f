import { connect } from 'node:net';

/** Sends `question` over TCP, and tells whether the answer begins with `answer`. Never rejects. */
function asks(port: number, question: Buffer, answer: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (isReady: boolean) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('connect', () => socket.write(question));
    socket.once('data', (data) => end(data.toString('latin1').startsWith(answer)));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

/** PING, which Redis refuses while it loads its files. */
export function redisAnswers(port: number): Promise<boolean> {
  return asks(port, Buffer.from('PING\r\n'), '+PONG');
}

/**
 * A start-up packet (protocol 3.0): Postgres answers R, a request to log in, when it takes
 * sessions, and E while it recovers.
 */
export function postgresAnswers(port: number, user: string): Promise<boolean> {
  const fields = Buffer.from(`user\0${user}\0database\0postgres\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(fields.length + 8, 0);
  head.writeInt32BE(0x00_03_00_00, 4);
  return asks(port, Buffer.concat([head, fields]), 'R');
}

/** A GET that is answered 2xx within a second. */
export async function httpAnswers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000), redirect: 'manual' });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Asks again and again until it holds; false when the time is over first. */
export async function waitUntil(
  holds: () => Promise<boolean> | boolean,
  timeoutSeconds: number,
  everyMs = 50,
): Promise<boolean> {
  const deadline = Date.now() + timeoutSeconds * 1_000;
  while (Date.now() < deadline) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return false;
}
