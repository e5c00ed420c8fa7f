import Stripe from 'stripe';
import { type PolicyFigures, ProviderFault, policyFigures } from './provider-policy.ts';

/** Stripe refused: an answer that another try would not change. Its text stays there. */
export class StripeRefusal extends Error {
  override readonly name = 'StripeRefusal';
  readonly code: string;
  readonly status: number;
  readonly declineCode: string | undefined;

  constructor(status: number, code: string, requestId: string, declineCode?: string) {
    super(`Stripe answered ${status} ${code} (request ${requestId})`);
    this.code = code;
    this.status = status;
    this.declineCode = declineCode;
  }
}

export type StripeAnswer<T> = { kind: 'done'; value: T } | { kind: 'refused'; why: StripeRefusal };

/**
 * The SDK as we use it: retries, the breaker and the figures are the policy's. `fetch` bounds the
 * whole request (the SDK's Node client bounds only each silence in it), does not try again by
 * itself when a connection closes, and keeps its connections in the process' one pool.
 */
export function stripeSdk(
  secretKey: string,
  apiUrl: string | undefined,
  figures: PolicyFigures = policyFigures,
): Stripe {
  return new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
    timeout: figures.callTimeoutMs,
    telemetry: false,
    ...(apiUrl === undefined ? {} : place(new URL(apiUrl))),
  });
}

function place(url: URL): { protocol: 'http' | 'https'; host: string; port: number } {
  const isPlain = url.protocol === 'http:';
  const port = url.port === '' ? (isPlain ? 80 : 443) : Number(url.port);
  return { protocol: isPlain ? 'http' : 'https', host: url.hostname, port };
}

/** Makes one call. Throws ProviderFault where Stripe failed; a refusal is an answer. */
export async function callStripe<T>(call: () => Promise<T>): Promise<StripeAnswer<T>> {
  try {
    return { kind: 'done', value: await call() };
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) {
      throw new ProviderFault('the answer of Stripe could not be read', { cause: error });
    }
    const { statusCode = 0, requestId = '-' } = error;
    const code = error.code ?? error.type;
    // The stored answer to this key: another try would give it again.
    const isReplay = error.headers?.['idempotent-replayed'] === 'true';
    if (isFault(statusCode) && !isReplay)
      throw new ProviderFault(`Stripe failed: ${statusCode} ${code}`);
    return {
      kind: 'refused',
      why: new StripeRefusal(statusCode, code, requestId, error.decline_code),
    };
  }
}

/** No status means no answer; 409 is another call with the same key under way, or a lock. */
function isFault(status: number): boolean {
  return status < 400 || status === 409 || status === 429 || status >= 500;
}
