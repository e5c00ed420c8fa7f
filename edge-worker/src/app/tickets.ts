import {
  type TicketClaims,
  type TicketKeys,
  type TicketVerdict,
  verifyTicket,
} from '@fairgate/shared/token/ticket.ts';
import { limits } from './limits.ts';
import { TwoGenerations } from './two-generations.ts';

export type TicketReader = { read(ticket: string, nowMs: number): TicketVerdict };

/** Verifies tickets, and remembers those that were valid by their text. */
export function ticketReader(keys: TicketKeys): TicketReader {
  const known = new TwoGenerations<TicketClaims>(limits.ticketsMax);
  return {
    read(ticket, nowMs) {
      const claims = known.get(ticket);
      if (claims) {
        return { kind: nowMs >= claims.exp * 1_000 ? 'expired' : 'valid', claims };
      }
      const verdict = verifyTicket(keys, ticket, nowMs);
      if (verdict.kind === 'valid') known.set(ticket, verdict.claims);
      return verdict;
    },
  };
}
