import { effect, signal } from '@preact/signals';
import type { Session } from './shapes.ts';

/** Who is signed in; null: nobody, undefined: not known yet. */
export const session = signal<Session | null | undefined>(undefined);

export type Mistake = { path: string; message: string };

/** A refusal by the API: its problem document (RFC 9457), in words for people. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly slug: string;
  readonly mistakes: readonly Mistake[];

  constructor(status: number, slug: string, detail: string, mistakes: readonly Mistake[]) {
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.slug = slug;
    this.mistakes = mistakes;
  }
}

export type Asking = {
  body?: unknown;
  /** Of the object as it was read: another's change since then is a 412. */
  etag?: string | null | undefined;
  /** Sent again with the same key, a creating call makes nothing twice. */
  onceKey?: string;
  accept?: string;
  type?: string;
};

export type Reply<T> = { data: T; etag: string | null };

const away = 'The service cannot be reached. Try again in a moment: nothing is done twice.';

/** Asks the API. Throws an ApiProblem, also (status 0) where there was no answer. */
export async function ask<T>(method: string, path: string, asking: Asking = {}): Promise<Reply<T>> {
  const response = await send(method, path, asking);
  const text = await response.text();
  if (!response.ok) {
    if (response.status === 401) session.value = null;
    throw problemOf(response.status, text);
  }
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  // The console is served by the very service whose answers it reads.
  const data = (isJson ? JSON.parse(text) : text) as T;
  return { data, etag: response.headers.get('etag') };
}

async function send(method: string, path: string, asking: Asking): Promise<Response> {
  const { body, etag, onceKey, accept = 'application/json', type = 'application/json' } = asking;
  const sent = body === undefined || body instanceof Blob ? body : JSON.stringify(body);
  const headers: Record<string, string> = {
    accept,
    ...(body === undefined ? {} : { 'content-type': type }),
    ...(etag ? { 'if-match': etag } : {}),
    ...(onceKey === undefined ? {} : { 'idempotency-key': onceKey }),
  };
  try {
    return await fetch(path, { method, headers, ...(sent === undefined ? {} : { body: sent }) });
  } catch {
    throw new ApiProblem(0, 'away', away, []);
  }
}

function problemOf(status: number, text: string): ApiProblem {
  try {
    const { type, detail, errors } = JSON.parse(text);
    const slug = String(type).replace('urn:fairgate:problem:', '');
    return new ApiProblem(status, slug, String(detail), Array.isArray(errors) ? errors : []);
  } catch {
    return new ApiProblem(status, 'away', status >= 500 ? away : 'The request was refused.', []);
  }
}

export const get = <T>(path: string) => ask<T>('GET', path);

/** A page of a list, and the pages behind it as far as `pagesMax`. */
export async function getAll<T>(path: string, pagesMax = 10): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = '';
  for (let page = 0; page < pagesMax && cursor !== null; page += 1) {
    const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { data }: Reply<{ items: T[]; nextCursor: string | null }> = await get(`${path}${more}`);
    items.push(...data.items);
    cursor = data.nextCursor;
  }
  return items;
}

const signedInKey = 'fairgate-signed-in';

/** Whether it is worth asking: who has never signed in here is asked to first. */
function mayBeSignedIn(): boolean {
  const comesFromLogin = new URLSearchParams(location.search).get('login') === 'done';
  return comesFromLogin || localStorage.getItem(signedInKey) === 'yes';
}

effect(() => {
  if (session.value === undefined) return;
  localStorage.setItem(signedInKey, session.value === null ? 'no' : 'yes');
});

/** Asks who is signed in; nobody is no failure. */
export async function findSession(): Promise<void> {
  if (!mayBeSignedIn()) {
    session.value = null;
    return;
  }
  try {
    session.value = (await get<Session>('/v1/session')).data;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) session.value = null;
    else throw error;
  }
}

/** Whether whoever is signed in may do what asks for a role. */
export function may(needs: Session['role']): boolean {
  const ranks = ['viewer', 'operator', 'admin'];
  const has = session.value?.role;
  return has !== undefined && ranks.indexOf(has) >= ranks.indexOf(needs);
}
