/** Every refusal is one row: slug, status, public title (CONTRACT.md section 6, RFC 9457). */
export const problems = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'Credentials are missing or not valid' },
  'token-invalid': { status: 401, title: 'The token is not valid' },
  'token-expired': { status: 401, title: 'The token has expired' },
  'token-revoked': { status: 401, title: 'The token was revoked' },
  'proof-invalid': { status: 401, title: 'The proof of possession is missing or not valid' },
  'payment-declined': { status: 402, title: 'The payment was declined' },
  forbidden: { status: 403, title: 'This is not allowed' },
  banned: { status: 403, title: 'Access is barred' },
  'challenge-required': { status: 403, title: 'A challenge has to be solved first' },
  'challenge-failed': { status: 403, title: 'The challenge was not solved' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'The request conflicts with the present state' },
  'sale-not-open': { status: 409, title: 'The sale is not open' },
  'not-admitted': { status: 409, title: 'It is not your turn yet' },
  'token-already-redeemed': { status: 409, title: 'The token was redeemed before' },
  'sold-out': { status: 409, title: 'Sold out' },
  'place-expired': { status: 410, title: 'The place has expired' },
  'order-expired': { status: 410, title: 'The order has expired' },
  'precondition-failed': { status: 412, title: 'It has changed since it was read' },
  'payload-too-large': { status: 413, title: 'The request body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'quantity-exceeded': { status: 422, title: 'More units than allowed' },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key was used for another request',
  },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'payment-unavailable': { status: 503, title: 'Payments are not available right now' },
  unavailable: { status: 503, title: 'Not available right now' },
} as const;

export type ProblemSlug = keyof typeof problems;

/** One mistake in the input: `path` in dots (`items.0.quantity`), `message` for a person. */
export type InputMistake = { path: string; message: string };

export type ProblemDetails = {
  detail: string;
  errors?: InputMistake[];
  /** Further public members, such as `orderId`. */
  extra?: Record<string, string | number | boolean>;
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
};

/** A refusal on its way out. What went wrong inside travels in `cause`, into the log, never out. */
export class Problem extends Error {
  readonly slug: ProblemSlug;
  readonly details: ProblemDetails;

  constructor(slug: ProblemSlug, details: ProblemDetails | string, cause?: unknown) {
    const full = typeof details === 'string' ? { detail: details } : details;
    super(`${slug}: ${full.detail}`, cause === undefined ? undefined : { cause });
    this.name = 'Problem';
    this.slug = slug;
    this.details = full;
  }
}

/** How long to wait when a refusal by overload or fault names no time of its own. */
export const retryAfterSecondsDefault = 2;

/** The RFC 9457 document of a refusal, as every part of Fairgate answers it. */
export function problemResponse(slug: ProblemSlug, details: ProblemDetails): Response {
  const row = problems[slug];
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...details.headers,
  });
  if (row.status === 429 || row.status === 503 || details.retryAfterSeconds !== undefined) {
    headers.set('retry-after', String(details.retryAfterSeconds ?? retryAfterSecondsDefault));
  }
  const body = {
    ...details.extra,
    type: `urn:fairgate:problem:${slug}`,
    title: row.title,
    status: row.status,
    detail: details.detail,
    ...(details.errors ? { errors: details.errors } : {}),
  };
  return new Response(JSON.stringify(body), { status: row.status, headers });
}
