import { newDrawSecret } from '@fairgate/shared/draw/commitment.ts';
import type { RoomSettings, SaleMode, SalePhase } from '@fairgate/shared/sale.ts';
import { lotteryFindings } from '../domain/checks-door.ts';
import type { Rows } from './ports.ts';

type Entered = { id: string; phase: SalePhase; mode: SaleMode; room: RoomSettings };

/**
 * After a sale was made, changed to a lottery, or published: it has a secret, whose commitment is
 * public with the sale, and what there is to warn of is noted.
 */
export async function enterDraw(
  rows: Rows,
  sale: Entered,
  actor: string,
  now: number,
): Promise<void> {
  if (sale.mode !== 'lottery') return;
  await rows.draws.ensure(sale.id, newDrawSecret());
  if (sale.phase === 'draft') return;
  await rows.draws.published(sale.id, now);
  for (const { code } of lotteryFindings({ sale })) {
    await rows.note({ actor, action: 'sale.warned', saleId: sale.id, detail: { code } });
  }
}
