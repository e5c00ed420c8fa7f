import type { BindMode } from '@fairgate/shared/sale.ts';

/** What a joiner holds: the ticket of a place, our cookie as a visitor, or nothing of ours. */
export type Holding =
  | { kind: 'ticket'; jkt: string | null }
  | { kind: 'visitor'; jkt: string | null }
  | { kind: 'nothing' };

export type Binding =
  /** `jkt`: thumbprint of the key that the place is bound to. `asNewcomer`: as nobody we know. */
  | { kind: 'join'; jkt: string | null; asNewcomer: boolean }
  /** As `join`, once the key of the ticket was proven. */
  | { kind: 'prove'; jkt: string }
  | { kind: 'key-needed' }
  | { kind: 'other-key' };

/**
 * What joining with this in hand, and with this key offered, is bound to (CONTRACT.md section 3).
 * The first key of a place stays, also when the sale stops binding. A place that was bound to none
 * is from then on bound to the key that comes. A visitor's cookie that is bound to a key is worth
 * nothing without it: who shows it with no key, or with another, is a newcomer, so that a lost key
 * shuts nobody out of the next sale, and a copied cookie fetches nobody's place.
 */
export function bindingOf(mode: BindMode, holding: Holding, given: string | null): Binding {
  if (holding.kind === 'ticket' && holding.jkt !== null) {
    const isOther = mode !== 'off' && given !== null && given !== holding.jkt;
    return isOther ? { kind: 'other-key' } : { kind: 'prove', jkt: holding.jkt };
  }
  if (mode === 'off') return { kind: 'join', jkt: null, asNewcomer: false };
  if (mode === 'required' && given === null) return { kind: 'key-needed' };
  const asNewcomer = holding.kind === 'visitor' && holding.jkt !== null && holding.jkt !== given;
  return { kind: 'join', jkt: given, asNewcomer };
}
