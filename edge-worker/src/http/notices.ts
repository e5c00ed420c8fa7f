import { spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import type { Wish } from '@fairgate/shared/notices/place-ask.ts';
import { pushEndpointFault } from '@fairgate/shared/notices/push-endpoint.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import { type Edge, type EdgeContext, keeper } from './context.ts';

/** Why we would not call a push endpoint; null: we would. */
function endpointFault({ pushRule }: Pick<Edge, 'pushRule'>, wish: Wish): string | null {
  const endpoint = wish.pushSubscription?.endpoint;
  return endpoint === undefined ? null : pushEndpointFault(endpoint, pushRule);
}

/**
 * What a join says of notices. The place does not wait for it and does not hang on it: a push endpoint
 * that we would not call is left out, and who has a place may ask again (`PUT …/place/notices`), which
 * tells of that. A plain join asks for nothing, and costs nothing more.
 */
export function askByJoin(edge: Edge, c: EdgeContext, claims: TicketClaims, wish: Wish): void {
  const { email, language } = wish;
  const pushSubscription = endpointFault(edge, wish) === null ? wish.pushSubscription : undefined;
  if (email === undefined && pushSubscription === undefined) return;
  const spoken = language ?? spokenLanguage(c);
  const asking = edge.asks.put(claims, { email, language: spoken, pushSubscription });
  keeper(c)(
    asking.then((answer) => {
      if (answer.kind === 'unavailable') edge.log('notices', answer.cause, { sale: claims.sale });
    }),
  );
}

/** Keeps how to tell whoever shows the ticket. Throws Problems: 400, 429, 503. */
export async function keepWish(edge: Edge, claims: TicketClaims, wish: Wish): Promise<void> {
  const message = endpointFault(edge, wish);
  if (message !== null) {
    const errors = [{ path: 'pushSubscription.endpoint', message }];
    throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
  }
  const answer = await edge.asks.put(claims, wish);
  switch (answer.kind) {
    case 'kept':
      return;
    case 'too-often': {
      const { retryAfterSeconds } = answer;
      const detail = 'These settings were changed many times within a minute.';
      throw new Problem('rate-limited', { detail, retryAfterSeconds });
    }
    case 'unavailable': {
      const detail = 'The waiting room cannot be reached right now; places are kept.';
      throw new Problem('unavailable', { detail, retryAfterSeconds: 2 }, answer.cause);
    }
  }
}
