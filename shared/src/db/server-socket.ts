import { once } from 'node:events';
import { isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type postgres from 'postgres';

/** One Postgres server, and how to come to it. */
export type Server = {
  to: { path: string } | { host: string; port: number };
  /** Null: in the clear. */
  tls: ConnectionOptions | null;
  /** Where the server speaks no TLS, go on in the clear. */
  isTlsOptional: boolean;
  /** TLS from the first byte, without asking for it (Postgres 17 and later). */
  isTlsDirect: boolean;
  timeoutMs: number;
};

/** Without a check of the certificate, as libpq has it. */
const unchecked = ['require', 'allow', 'prefer'];

/** What postgres.js read of a URL and the environment; null where it names several servers. */
export function serverOf(
  { host, port, path, ssl, sslnegotiation }: postgres.ParsedOptions & { sslnegotiation?: unknown },
  timeoutMs: number,
): Server | null {
  const [name, ...others] = host;
  if (name === undefined || others.length > 0) return null;
  const isUnchecked = typeof ssl === 'string' && unchecked.includes(ssl);
  const own = typeof ssl === 'object' ? ssl : {};
  return {
    to: path ? { path } : { host: name, port: port[0] ?? 5432 },
    tls: ssl ? { ...own, ...(isUnchecked ? { rejectUnauthorized: false } : {}) } : null,
    isTlsOptional: ssl === 'prefer',
    isTlsDirect: sslnegotiation === 'direct',
    timeoutMs,
  };
}

const tlsRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const tlsAccepted = 'S'.charCodeAt(0);

/** Told of each socket that is made on the way; `under`: the one that it takes the place of. */
type Track = (socket: Socket, under?: Socket) => void;

/**
 * A connected socket, behind TLS where that is wished. Rejects where the server cannot be reached in
 * time, or speaks no TLS.
 */
export async function connectTo(server: Server, track: Track): Promise<Socket> {
  const { to, tls, timeoutMs } = server;
  const signal = AbortSignal.timeout(timeoutMs);
  const raw = new Socket();
  track(raw);
  try {
    raw.connect(to);
    await once(raw, 'connect', { signal });
    if (tls === null || !(await speaksTls(raw, server, signal))) return raw;
    const servername = 'host' in to && isIP(to.host) === 0 ? { servername: to.host } : {};
    const protocols = server.isTlsDirect ? { ALPNProtocols: ['postgresql'] } : {};
    const secured = connectTls({ socket: raw, ...servername, ...protocols, ...tls });
    track(secured, raw);
    await once(secured, 'secureConnect', { signal });
    return secured;
  } catch (error) {
    raw.destroy();
    if (!signal.aborted) throw error;
    throw new Error(`no connection to Postgres within ${timeoutMs} ms`, { cause: error });
  }
}

async function speaksTls(raw: Socket, server: Server, signal: AbortSignal): Promise<boolean> {
  if (server.isTlsDirect) return true;
  raw.write(tlsRequest);
  const [answer]: Buffer[] = await once(raw, 'data', { signal });
  if (answer?.[0] === tlsAccepted) return true;
  if (server.isTlsOptional) return false;
  throw new Error('this Postgres server does not speak TLS');
}
