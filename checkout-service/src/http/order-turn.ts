import { Problem } from '@fairgate/shared/problem.ts';
import type { HttpDeps } from './deps.ts';

/** One change of an order at a time: a flood of them takes no connections of other shoppers. */
export async function inOrderTurn<T>(
  deps: Pick<HttpDeps, 'orderTurns'>,
  orderId: string,
  change: () => Promise<T>,
): Promise<T> {
  const turn = await deps.orderTurns(orderId, change);
  if (turn.kind === 'done') return turn.value;
  const detail = 'Other changes of this order are under way; ask again.';
  throw new Problem('conflict', { detail, retryAfterSeconds: 1 });
}
