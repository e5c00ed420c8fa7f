import { afterEach, describe, expect, it, vi } from 'vitest';
import { fairgateClient } from './client.ts';
import { memoryStorage } from './storage.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A Fairgate that gives these answers in turn, and what it was asked. */
function answering(...answers: (() => Response | Promise<Response>)[]) {
  const asked: Request[] = [];
  const ask: typeof fetch = async (input, init) => {
    asked.push(new Request(input, init));
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('nothing was to be asked any more');
    return await answer();
  };
  return { asked, ask };
}
const json = (body: object, status = 200) => Response.json(body, { status });
const origin = 'https://tickets.example';
const problem = (status: number, slug: string) =>
  json({ type: `urn:fairgate:problem:${slug}`, detail: 'x' }, status);

describe('the client', () => {
  it('goes on without a key where there is no WebCrypto', async () => {
    vi.stubGlobal('crypto', undefined);
    const { asked, ask } = answering(
      () => json({ ticket: 't', place: {} }, 201),
      () => json({ order: { id: 'ord_1' }, orderKey: 'k' }, 201),
    );
    const client = fairgateClient({ origin, fetch: ask });
    await client.join('sale_1');
    await client.redeem({ token: 'a.b.c', items: [] });
    expect(await asked[0]?.json()).toEqual({});
    expect(asked[1]?.headers.get('authorization')).toBe('Bearer a.b.c');
    expect(asked[1]?.headers.get('idempotency-key')).toMatch(/^[\w-]{22}$/);
  });

  it('joins anew where the ticket that it kept is worth nothing, and only then', async () => {
    const storage = memoryStorage();
    await storage.set('ticket:sale_1', 'old');
    const worthless = answering(
      () => problem(401, 'token-expired'),
      () => json({ ticket: 'new', place: {} }, 201),
    );
    await fairgateClient({ origin, storage, fetch: worthless.ask, signer: null }).join('sale_1');
    expect(worthless.asked.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer old',
      null,
    ]);
    expect(await storage.get('ticket:sale_1')).toBe('new');
    const revoked = answering(() => problem(401, 'token-revoked'));
    const client = fairgateClient({ origin, storage, fetch: revoked.ask, signer: null });
    await expect(client.join('sale_1')).rejects.toMatchObject({ slug: 'token-revoked' });
    expect(await storage.get('ticket:sale_1')).toBe('new');
  });

  it('gives up an answer that does not come, and says what is no problem document', async () => {
    const slow = () => new Promise<Response>(() => {});
    const aborted: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const hanging = fairgateClient({ origin, fetch: aborted, timeoutSeconds: 0.01 });
    await expect(hanging.sale('s')).rejects.toMatchObject({ name: 'FairgateUnreachable' });
    const stop = new AbortController();
    const asked = fairgateClient({ origin, fetch: aborted }).sale('s', { signal: stop.signal });
    stop.abort(new Error('the screen was left'));
    await expect(asked).rejects.toThrow('the screen was left');
    const proxy = answering(() => new Response('<h1>Bad gateway</h1>', { status: 502 }), slow);
    const behind = fairgateClient({ origin, fetch: proxy.ask });
    await expect(behind.sale('s')).rejects.toMatchObject({ slug: 'other', status: 502 });
  });
});
