import type { Pauses } from './pauses.ts';
import { FairgateProblem, FairgateUnreachable } from './problems.ts';
import { makeProof, type ProofSigner } from './proofs.ts';

/** Who asks. `proof`: with a proof by the client's key, where it has one. */
export type Credential =
  | { scheme: 'Bearer'; value: string; proof: boolean }
  | { scheme: 'DPoP'; value: string; proof: true };

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  credential?: Credential | undefined;
  body?: object | undefined;
  headers?: Record<string, string> | undefined;
  signal?: AbortSignal | undefined;
};

export type Calls = {
  /**
   * The answer's JSON, null where it has none (204). Rejects with `FairgateProblem`,
   * `FairgateUnreachable`, or the signal's reason.
   */
  json<T>(call: Call): Promise<T>;
  /** The answer itself, once its head is there; the signal ends its body too. */
  open(call: Call): Promise<Response>;
  /** `Authorization`, and `DPoP` where the client has a key, for a request to any server. */
  authorize(credential: Credential, method: string, url: string): Promise<Record<string, string>>;
};

export type CallsOptions = {
  origin: string;
  fetch: typeof globalThis.fetch;
  signer: () => Promise<ProofSigner | null>;
  pauses: Pauses;
  timeoutMs: number;
};

export function makeCalls(options: CallsOptions): Calls {
  const { origin, pauses } = options;
  /** A proof's time is the server's: a phone's clock may be minutes off. */
  let clockOffsetMs = 0;

  const authorize: Calls['authorize'] = async ({ scheme, value, proof }, method, url) => {
    const authorization = `${scheme} ${value}`;
    const signer = proof ? await options.signer() : null;
    if (signer === null) return { authorization };
    const nowMs = pauses.now() + clockOffsetMs;
    return { authorization, dpop: await makeProof(signer, { method, url, token: value, nowMs }) };
  };

  async function send(call: Call, signal: AbortSignal): Promise<Response> {
    const { method, path, credential, body } = call;
    const url = origin + path;
    const headers = {
      ...call.headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(credential === undefined ? {} : await authorize(credential, method, url)),
    };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    // Tickets stand for the cookies: with both, nobody could say which one counted.
    const wish = { method, headers, signal, credentials: 'omit', ...text } as const;
    const answer = await reached(call.signal, () => options.fetch(url, wish));
    noteTime(answer.headers.get('date'));
    return answer;
  }

  function noteTime(text: string | null | undefined): void {
    const at = Date.parse(text ?? '');
    if (Number.isFinite(at)) clockOffsetMs = at - pauses.now();
  }

  /** A server may leave out the date (RFC 9110 section 6.6.1); every sale tells the time. */
  async function askTime(signal: AbortSignal): Promise<void> {
    const answer = await send({ method: 'GET', path: '/api/sales?limit=1' }, signal);
    const text = await answer.text();
    noteTime(/"serverTime":"([^"]+)"/.exec(text)?.[1]);
  }

  async function open(call: Call, signal: AbortSignal): Promise<Response> {
    let answer = await send(call, signal);
    // By a clock that was off, or a proof that came twice: one by the right time is made anew.
    if (
      answer.status === 401 &&
      call.credential?.proof &&
      (await slugIs(answer, 'proof-invalid'))
    ) {
      if (!answer.headers.has('date')) await askTime(signal);
      answer = await send(call, signal);
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }

  return {
    authorize,
    json: <T>(call: Call) =>
      inTime(options.timeoutMs, call.signal, async (signal) => {
        const answer = await open(call, signal);
        const body = answer.status === 204 ? null : await reached(call.signal, () => answer.json());
        // Fairgate's own tests hold its answers to these shapes; a schema would outweigh the client.
        return body as T;
      }),
    open: (call) => open(call, call.signal ?? new AbortController().signal),
  };
}

async function slugIs(answer: Response, slug: string): Promise<boolean> {
  const document = await answer.clone().text();
  return document.includes(`urn:fairgate:problem:${slug}"`);
}

async function problemOf(answer: Response): Promise<FairgateProblem> {
  const members: unknown = await answer.json().catch(() => null);
  const isDocument = typeof members === 'object' && members !== null;
  return new FairgateProblem(answer, isDocument ? { ...members } : {});
}

/** `AbortSignal.any` and `.timeout` are not everywhere, React Native for one. */
async function inTime<T>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const stop = () => own.abort(outer?.reason);
  if (outer?.aborted) stop();
  outer?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => own.abort(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await work(own.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', stop);
  }
}

/** Whatever the network rejects with is one error, except that the caller has given up. */
async function reached<T>(outer: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (outer?.aborted) throw outer.reason;
    throw new FairgateUnreachable('Fairgate gave no answer', { cause });
  }
}
