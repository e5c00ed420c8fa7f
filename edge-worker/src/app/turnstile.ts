import { createHash } from 'node:crypto';
import type { ChallengeStep } from '@fairgate/shared/sale.ts';
import { z } from 'zod';

export type TurnstileSettings = { siteKey: string; secret: string; url: string };

export type TurnstileQuestion = {
  token: string;
  saleId: string;
  step: ChallengeStep;
  /** The shopper's, where the platform names it. */
  address: string | undefined;
};

export type TurnstileVerdict =
  /** `id`: names the token; it passes more than once here, see `spend`. */
  | { kind: 'solved'; id: string }
  | { kind: 'refused'; codes: string[] }
  /** Solved for another page, step or sale than this. */
  | { kind: 'elsewhere'; what: 'hostname' | 'action' | 'cdata'; given: string }
  /** No verdict: the verifier is away, or does not take our secret. */
  | { kind: 'no-verdict'; cause: string };

export type TurnstileVerifier = (question: TurnstileQuestion) => Promise<TurnstileVerdict>;

/** A shopper waits for it, and is asked to come again after that. */
const verifyMsMax = 3_000;
/** Cloudflare's own bound. */
const tokenLettersMax = 2_048;

/** Answers of siteverify; the last four are missing where it refuses. */
const answerSchema = z.object({
  success: z.boolean(),
  'error-codes': z.array(z.string()).default([]),
  hostname: z.string().optional(),
  action: z.string().optional(),
  cdata: z.string().optional(),
});

/** What Cloudflare says where neither the token nor the shopper is at fault. */
const ours: ReadonlySet<string> = new Set([
  'missing-input-secret',
  'invalid-input-secret',
  'internal-error',
]);

/**
 * Asks siteverify about a token. The idempotency key follows from the token, so that whoever comes
 * again after a lost answer is not told `timeout-or-duplicate`; that a token is spent once is kept
 * by `spend`. Never rejects.
 */
export function turnstileVerifier(parts: {
  settings: TurnstileSettings;
  hostnames: readonly string[];
  fetch: (url: string, init: RequestInit) => Promise<Response>;
}): TurnstileVerifier {
  const { settings, hostnames, fetch } = parts;
  return async (question) => {
    const { token, saleId, step, address } = question;
    if (token.length > tokenLettersMax) return { kind: 'refused', codes: ['too-long'] };
    const digest = createHash('sha256').update(token).digest();
    const body = {
      secret: settings.secret,
      response: token,
      idempotency_key: uuidOf(digest),
      ...(address === undefined ? {} : { remoteip: address }),
    };
    const answer = await ask(fetch, settings.url, body);
    if ('kind' in answer) return answer;
    const codes = answer['error-codes'];
    if (codes.some((code) => ours.has(code))) {
      return { kind: 'no-verdict', cause: `the verifier answers ${codes.join(', ')}` };
    }
    if (!answer.success) return { kind: 'refused', codes };
    const { hostname = '', action = '', cdata = '' } = answer;
    // A widget that was not told what it is for says nothing of it.
    if (hostname !== '' && !hostnames.includes(hostname)) return elsewhere('hostname', hostname);
    if (action !== '' && action !== step) return elsewhere('action', action);
    if (cdata !== '' && cdata !== saleId) return elsewhere('cdata', cdata);
    return { kind: 'solved', id: digest.subarray(0, 12).toString('base64url') };
  };
}

type Away = Extract<TurnstileVerdict, { kind: 'no-verdict' }>;

async function ask(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  url: string,
  body: object,
): Promise<z.infer<typeof answerSchema> | Away> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(verifyMsMax),
    });
    // Refusals come with 200 or 400 and the same JSON; an error of a server in between has none.
    const parsed = answerSchema.safeParse(await response.json());
    if (parsed.success && response.status < 500) return parsed.data;
    return { kind: 'no-verdict', cause: `the verifier answers with status ${response.status}` };
  } catch (error) {
    return { kind: 'no-verdict', cause: `the verifier is away: ${error}` };
  }
}

function elsewhere(what: 'hostname' | 'action' | 'cdata', given: string): TurnstileVerdict {
  return { kind: 'elsewhere', what, given };
}

/** A UUID of version 8, whose bits are one's own to choose (RFC 9562, section 5.8). */
function uuidOf(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
