import type { Wish } from '@fairgate/shared/notices/place-ask.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import type { AskAnswer, AskGateways } from './ask-ports.ts';

/** How whoever holds a ticket asks to be told of their place. */
export type Asks = { put(claims: TicketClaims, wish: Wish): Promise<AskAnswer> };

export function placeAsks(gateways: AskGateways): Asks {
  return {
    async put({ sale, sub: visitor, n: number, lane }, wish) {
      if (asksNothing(wish)) return { kind: 'kept' };
      return await gateways.ask(sale, { ...wish, visitor, number, lane });
    },
  };
}

function asksNothing({ email, language, pushSubscription }: Wish): boolean {
  return email === undefined && language === undefined && pushSubscription === undefined;
}
