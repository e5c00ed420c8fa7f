import { makeProof, storedKey } from '@fairgate/shared/pages/client/browser-key.ts';
import type { Place } from '@fairgate/shared/place.ts';
import { troubleOf } from '@fairgate/shared/words/trouble.ts';
import type { SalePhraseKey } from '../phrases.ts';
import { learnTime, serverNow } from './clock.ts';
import { saleId, told, voice } from './room.ts';

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
};
export type Answer = { response: Response; body: Body | null };

/** Longer than any answer takes: a train's network loses some. */
const deadlineMs = 15_000;

export const call = async (path: string, init: RequestInit = {}): Promise<Answer> => {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), deadlineMs);
  const askedMs = Date.now();
  try {
    const url = `/api/sales/${saleId}${path}`;
    // Under the page's own policy a call would name no origin, and older browsers tell it in no other way.
    const own = { referrerPolicy: 'same-origin', signal: stop.signal } as const;
    const response = await fetch(url, { ...init, ...own });
    const body: Body | null = response.status === 204 ? null : await response.json();
    if (body?.serverTime) learnTime(body.serverTime, askedMs, Date.now());
    return { response, body };
  } finally {
    clearTimeout(timer);
  }
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

export const slugOf = (body: Problem | null): string => (body?.type ?? '').split(':').at(-1) ?? '';

/** What to tell of a refusal. */
export const troubleText = (body: Problem | null): string => {
  const { text } = troubleOf({
    slug: slugOf(body) || 'unavailable',
    reason: body?.reason,
    path: body?.errors?.[0]?.path,
  });
  return voice.say(text as SalePhraseKey);
};
