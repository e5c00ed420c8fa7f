import { Problem } from '@fairgate/shared/problem.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import type { IdentitySetting } from '@fairgate/shared/sale.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import type { Edge } from './context.ts';
import type { Joiner } from './credentials.ts';

/** `isProven`: by a login shown with this very request. */
export type KnownJoiner = Joiner & { isProven: boolean };

/**
 * Who joins, by the shop's own login where one is shown and the sale trusts it: one visitor for a
 * person on every device (ADR 0020). Throws `unauthorized` where the sale asks for a login and none is shown,
 * `token-invalid`, and `unavailable` where the login's keys cannot be had.
 */
export async function knownJoiner(
  edge: Edge,
  setting: IdentitySetting | undefined,
  joiner: Joiner,
  identity: string | undefined,
): Promise<KnownJoiner> {
  if (setting === undefined) return { ...joiner, isProven: false };
  if (identity === undefined) {
    if (setting.required && !joiner.isPerson) throw loginNeeded();
    return { ...joiner, isProven: false };
  }
  const verdict = await edge.logins.verify(setting, identity);
  switch (verdict.kind) {
    case 'person': {
      const isOwn = joiner.holding.kind === 'ticket' && joiner.question.visitor === verdict.visitor;
      const question = isOwn ? joiner.question : newcomer(verdict.visitor);
      const holding = isOwn ? joiner.holding : ({ kind: 'nothing' } as const);
      return { question, holding, isPerson: true, isProven: true };
    }
    case 'invalid':
      throw new Problem('token-invalid', withLogin('The login is not valid here.'), verdict.cause);
    case 'unavailable': {
      const detail = 'The shop’s login cannot be checked right now; places are kept.';
      throw new Problem('unavailable', { detail, retryAfterSeconds: 2 });
    }
  }
}

/** A ticket of before the sale asked for logins draws no token. Throws `unauthorized`. */
export async function requireLogin(edge: Edge, ticket: TicketClaims): Promise<void> {
  if (ticket.idn === 1) return;
  const found = await edge.sales.one(ticket.sale);
  if (found.kind === 'sale' && found.login?.required === true) throw loginNeeded();
}

function loginNeeded(): Problem {
  return new Problem('unauthorized', withLogin('This sale asks for the shop’s login: join by it.'));
}

function withLogin(detail: string) {
  return { detail, headers: { 'www-authenticate': 'Bearer realm="login"' } };
}
