import { connect } from 'node:net';

/** nginx closes a connection after so many requests. */
const requestsAConnection = 1_000;

/**
 * POSTs without a body while `work` goes on, as many as the server takes: pipelined, and no answer is
 * looked at, so that little of it hangs on how fast this process is.
 */
export async function flooding<T>(url: string, work: () => Promise<T>): Promise<T> {
  const { hostname, port, host, pathname } = new URL(url);
  const request = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
  const over = new AbortController();
  const flood = async () => {
    while (!over.signal.aborted) {
      const socket = connect({ host: hostname, port: Number(port), signal: over.signal });
      socket.resume();
      socket.write(request.repeat(requestsAConnection));
      // How it ends does not matter.
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('close', resolve));
    }
  };
  const [result] = await Promise.all([work().finally(() => over.abort()), flood()]);
  return result;
}
