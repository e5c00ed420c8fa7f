import { makeProof, storedKey } from '@fairgate/shared/pages/client/browser-key.ts';
import type { Place } from '@fairgate/shared/place.ts';
import { learnTime, serverNow } from './clock.ts';
import type * as Refusals from './refusals.ts';
import { parts, saleId, told, voice } from './room.ts';

// What the page asks of the edge. Every answer tells the time.

/** A problem document, as far as the page looks at it. */
export type Problem = { type?: string; reason?: string; errors?: { path: string }[] };

/** Of our own edge, of this deployment or the next: anything may be missing. */
export type Body = Problem & {
  serverTime?: string;
  place?: Place;
  ticket?: string;
  token?: string;
  state?: string;
  message?: string;
  startsAt?: string;
  lobbyOpensAt?: string | null;
  products?: { id: string; available: number; total: number }[];
};
export type Answer = { response: Response; body: Body | null };

/** Longer than any answer takes: a train's network loses some. */
const deadlineMs = 15_000;

/** A fetch whose whole answer comes in time, or fails. */
export const within = async <T>(
  url: string,
  init: RequestInit,
  read: (response: Response) => Promise<T>,
): Promise<T> => {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), deadlineMs);
  try {
    // Under the page's own policy a call would name no origin, and older browsers tell it in no other way.
    const own = { referrerPolicy: 'same-origin', signal: stop.signal } as const;
    return await read(await fetch(url, { ...init, ...own }));
  } finally {
    clearTimeout(timer);
  }
};

export const call = async (path: string, init: RequestInit = {}): Promise<Answer> => {
  const askedMs = Date.now();
  return await within(`/api/sales/${saleId}${path}`, init, async (response) => {
    const cameMs = Date.now();
    // A fault of the platform may come as a page of its own.
    const isEmpty = response.status === 204;
    const body: Body | null = isEmpty ? null : await response.json().catch(() => null);
    if (body?.serverTime) learnTime(body.serverTime, askedMs, cameMs);
    return { response, body };
  });
};

/** With a proof for this very request, where the place is bound to the browser's key. */
export const prove = async (method: string, path: string, json?: object): Promise<Answer> => {
  const ath = told('ticketHash');
  const headers: Record<string, string> = json ? { 'content-type': 'application/json' } : {};
  const pair = ath ? await storedKey() : null;
  if (pair !== null) {
    const wanted = { method, path: `/api/sales/${saleId}${path}`, ath, nowMs: serverNow() };
    headers.dpop = await makeProof(pair, wanted);
  }
  return await call(path, { method, headers, ...(json ? { body: JSON.stringify(json) } : {}) });
};

export const slugOf = (body: Problem | null): string => (body?.type ?? '').split(':').pop() ?? '';

/** What to tell of a refusal, by the script that knows; without it, that it did not work. */
export const troubleText = async (body: Problem | null, isLogin = false): Promise<string> => {
  try {
    const { refusalText, signInText } = (await import(parts.refusals)) as typeof Refusals;
    return isLogin ? signInText() : refusalText(body);
  } catch {
    return voice.say('live.failed');
  }
};
