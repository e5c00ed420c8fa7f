import type { RoomSettings, SaleMode, SalePhase } from '@fairgate/shared/sale.ts';

/** What an operator should know of a public sale, and may have wanted nevertheless. */
export type SaleWarning = {
  code: 'lottery-many-chances' | 'turnstile-not-set-up';
  message: string;
};

type Warned = {
  phase: SalePhase;
  mode: SaleMode;
  room: Pick<RoomSettings, 'identity' | 'challenge'>;
};

/** Of a draft there is nothing to warn of yet. */
export function lotteryWarnings({ phase, mode, room }: Warned): SaleWarning[] {
  const isOpenToMany = room.identity === undefined && room.challenge === 'none';
  if (phase === 'draft' || mode !== 'lottery' || !isOpenToMany) return [];
  const message =
    'Neither room.identity nor room.challenge is set: whoever enters with many browsers has as many chances in the draw.';
  return [{ code: 'lottery-many-chances', message }];
}

/** `hasTurnstile`: the edge has an account there, as far as this service was told. */
export function saleWarnings(sale: Warned, hasTurnstile: boolean): SaleWarning[] {
  const warnings = lotteryWarnings(sale);
  if (sale.phase === 'draft' || sale.room.challenge !== 'turnstile' || hasTurnstile) {
    return warnings;
  }
  const message =
    'room.challenge is turnstile, and FAIRGATE_TURNSTILE_SITE_KEY is not set: unless the edge has TURNSTILE_SITE_KEY and TURNSTILE_SECRET, nobody can join.';
  return [...warnings, { code: 'turnstile-not-set-up', message }];
}
