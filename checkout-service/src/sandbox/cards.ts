/** The sandbox cards of CONTRACT.md section 4, and what each makes the provider do. */
export type CardBehaviour =
  | { kind: 'pays'; afterMs: number; deliveries: number }
  | { kind: 'declined'; failure: string }
  | { kind: 'fails' }
  | { kind: 'unknown' };

/** Long enough that a client sees `processing`, short enough for impatient tests. */
const soonMs = 150;

const cards = new Map<string, CardBehaviour>([
  ['4242424242424242', { kind: 'pays', afterMs: soonMs, deliveries: 1 }],
  ['4000000000000002', { kind: 'declined', failure: 'card_declined' }],
  ['4000000000000259', { kind: 'pays', afterMs: 3_000, deliveries: 1 }],
  ['4000000000000119', { kind: 'fails' }],
  ['4000000000000044', { kind: 'pays', afterMs: soonMs, deliveries: 3 }],
]);

/** The delay before the sandbox tells that it declined. */
export const declineAfterMs = soonMs;

export function cardBehaviour(card: string): CardBehaviour {
  return cards.get(card.replaceAll(/[ -]/g, '')) ?? { kind: 'unknown' };
}
