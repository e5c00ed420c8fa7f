import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { hostKind, hostOf } from '@fairgate/shared/public-host.ts';
import type { Post, Posted, Posting } from '../app/webhook-ports.ts';
import {
  type Allowed,
  isNameless,
  NotPublic,
  nameResolver,
  publicLookup,
} from './public-lookup.ts';

/** From the first look-up to the end of what is read. */
const deadlineMsMost = 15_000;
/** With the status known, nobody waits for long for a body that only the log shows. */
const bodyMs = 1_000;
const excerptBytes = 1_024;

type Options = {
  /** Addresses that are not public too, and http to a loopback. */
  allowPrivate: boolean;
  /** Name servers by address and port; those of the system where none is given. */
  nameServers?: readonly string[];
  /** Of a certificate authority, besides those that Node knows; PEM. */
  ca?: string;
  deadlineMs?: number;
};

/**
 * Sends webhooks: to allowed addresses alone, over TLS, following no redirect (which would lead past
 * the check of the address).
 */
export function webhookPost(options: Options): Post & { close(): void } {
  const { allowPrivate, nameServers, ca, deadlineMs = deadlineMsMost } = options;
  const resolve = nameResolver(nameServers);
  const anyhow: Allowed = new Set(['public', 'loopback', 'private']);
  const allowed: Allowed = allowPrivate ? anyhow : new Set(['public']);
  // Few are kept, and no longer than servers keep them: `Retry-After` is the only thing to wait for.
  const keeping = { keepAlive: true, maxFreeSockets: 8, timeout: 4_000 };
  const tls = new Agent({ ...keeping, ...(ca === undefined ? {} : { ca }) });
  const plain = new HttpAgent(keeping);
  const post = async (posting: Posting): Promise<Posted> => {
    const url = new URL(posting.url);
    const isPlain = url.protocol === 'http:';
    const kinds: Allowed = isPlain ? new Set(allowPrivate ? ['loopback'] : []) : allowed;
    // An address is not looked up, so that it is checked here.
    const kind = hostKind(hostOf(url));
    if (kind !== 'name' && !kinds.has(kind)) return failure(new NotPublic());
    const send = () =>
      sendOnce(posting, {
        request: isPlain ? requestHttp : requestHttps,
        agent: isPlain ? plain : tls,
        lookup: publicLookup(resolve, kinds),
        deadlineMs,
      });
    const posted = await send();
    // A kept connection that the server had closed meanwhile: it has not seen the request.
    return posted === 'closed-before' ? orFailure(await send()) : posted;
  };
  return Object.assign(post, {
    close() {
      tls.destroy();
      plain.destroy();
    },
  });
}

type Way = {
  request: typeof requestHttps;
  agent: Agent | HttpAgent;
  lookup: LookupFunction;
  deadlineMs: number;
};

function sendOnce(posting: Posting, way: Way): Promise<Posted | 'closed-before'> {
  const { promise, resolve } = Promise.withResolvers<Posted | 'closed-before'>();
  const body = Buffer.from(posting.body);
  const headers = { ...posting.headers, 'content-length': body.length };
  const signal = AbortSignal.timeout(way.deadlineMs);
  const { agent } = way;
  let isLookingUp = false;
  const lookup: LookupFunction = (host, wish, answer) => {
    isLookingUp = true;
    way.lookup(host, wish, (...found) => {
      isLookingUp = false;
      answer(...found);
    });
  };
  const sent = way.request(posting.url, { method: 'POST', headers, agent, lookup, signal });
  sent.on('response', (response) => {
    void readExcerpt(response).then((excerpt) => {
      const { statusCode: status = 0, headers: answered } = response;
      resolve({ kind: 'answered', status, retryAfter: answered['retry-after'], excerpt });
    });
  });
  sent.on('error', (error: NodeJS.ErrnoException) => {
    if (sent.reusedSocket && error.code === 'ECONNRESET') return resolve('closed-before');
    const fault = isLookingUp ? 'ours' : 'theirs';
    resolve(signal.aborted ? late(way.deadlineMs, fault) : failure(error));
  });
  sent.end(body);
  return promise;
}

const orFailure = (posted: Posted | 'closed-before'): Posted =>
  posted === 'closed-before' ? failure(new Error('the connection was closed')) : posted;

/** The beginning of the body, as far as it comes in time; the rest is not read. */
function readExcerpt(response: IncomingMessage): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const done = () => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timeout);
    if (!response.complete) response.destroy();
    resolve(printable(Buffer.concat(chunks).subarray(0, excerptBytes)));
  };
  const timeout = setTimeout(done, bodyMs);
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > excerptBytes) done();
  });
  for (const end of ['end', 'error', 'close']) response.on(end, done);
  return promise;
}

/** Postgres keeps no NUL, and nobody's terminal needs the others. */
function printable(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll(/[^\P{Cc}\n\t]/gu, '�');
}

type Fault = 'ours' | 'theirs';

const late = (ms: number, fault: Fault): Posted => {
  return { kind: 'failed', why: `no answer within ${ms / 1_000} s`, fault };
};

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
  ENOTFOUND: 'the name has no address',
  ENODATA: 'the name has no address',
  ESERVFAIL: 'the name cannot be looked up',
  EREFUSED: 'the name cannot be looked up',
  ETIMEOUT: 'the name cannot be looked up',
};

/** No way out of this machine; or no sockets, addresses or leave for one on it. */
const ownCodes: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'EACCES',
  'EPERM',
]);

/** A name server that fails, or that nobody reaches, says nothing about the name. */
function isOurs(error: NodeJS.ErrnoException): boolean {
  if (error.syscall?.startsWith('query')) return !isNameless(error);
  return ownCodes.has(error.code ?? '');
}

function failure(error: NodeJS.ErrnoException): Posted {
  if (error instanceof NotPublic) return { kind: 'failed', why: error.message, fault: 'theirs' };
  const { code = '' } = error;
  const fault = isOurs(error) ? 'ours' : 'theirs';
  const why =
    words[code] ?? (/CERT|SELF_SIGNED|VERIFY|TLS|SSL|EPROTO/.test(code) ? `TLS: ${code}` : code);
  return { kind: 'failed', why: why === '' ? 'the request failed' : why, fault };
}
