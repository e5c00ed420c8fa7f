/** At `at`: units in orders that were alive then (held or sold), and those that were paid for. */
export type SellThroughPoint = { at: number; sold: number; paid: number };

/** What changed within a slot; slots count from 0, from the first order on. */
export type SlotChange = { slot: number; sold: number; paid: number };
/** Times in ms since the epoch. */
export type SlotChanges = { firstAt: number; lastAt: number; changes: SlotChange[] };

/** Slots of equal length from the first order to the last change, and the beginning: 200 points. */
export const slotsMax = 199;

/** A point at the beginning and at the end of each slot; none where nothing was ordered. */
export function sellThrough({ firstAt, lastAt, changes }: SlotChanges): SellThroughPoint[] {
  if (changes.length === 0) return [];
  const slotMs = (lastAt - firstAt) / slotsMax;
  const slots = slotMs === 0 ? 1 : slotsMax;
  const bySlot = new Map(changes.map((change) => [change.slot, change]));
  const points: SellThroughPoint[] = [{ at: firstAt, sold: 0, paid: 0 }];
  let [sold, paid] = [0, 0];
  for (let slot = 0; slot < slots; slot += 1) {
    const change = bySlot.get(slot);
    sold += change?.sold ?? 0;
    paid += change?.paid ?? 0;
    points.push({ at: Math.round(firstAt + (slot + 1) * slotMs), sold, paid });
  }
  return points;
}
