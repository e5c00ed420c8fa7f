import type { RoomSettings, SaleMode, SalePhase } from '@fairgate/shared/sale.ts';

/** What an operator should know of a public sale, and may have wanted nevertheless. */
export type SaleWarning = { code: 'lottery-many-chances'; message: string };

type Warned = {
  phase: SalePhase;
  mode: SaleMode;
  room: Pick<RoomSettings, 'identity' | 'challenge'>;
};

/** Of a draft there is nothing to warn of yet. */
export function saleWarnings({ phase, mode, room }: Warned): SaleWarning[] {
  const isOpenToMany = room.identity === undefined && room.challenge === 'none';
  if (phase === 'draft' || mode !== 'lottery' || !isOpenToMany) return [];
  const message =
    'Neither room.identity nor room.challenge is set: whoever enters with many browsers has as many chances in the draw.';
  return [{ code: 'lottery-many-chances', message }];
}
