import type { Place } from '@fairgate/shared/place.ts';
import type { KeyFault, LookReply } from '@fairgate/shared/room/room.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';

/** `cause`: what went wrong inside, for the log alone. */
export type Refused = { kind: 'unknown-sale' } | { kind: 'unavailable'; cause?: string };

/** `renewed`: claims of a ticket that replaces the one that was shown. */
export type PollOutcome =
  | { kind: 'place'; place: Place; renewed: TicketClaims | null }
  | Revoked
  | Refused;

/** The place was revoked: its ticket is worth nothing any more. */
export type Revoked = { kind: 'revoked' };

export type LookOutcome = { kind: 'stands'; state: LookReply['state'] } | Refused;

/** The place is bound to a key, and was asked for with none, or with another. */
export type NotItsKey = { kind: KeyFault };

export type JoinOutcome =
  /** `isNew` where the visitor had no place before. */
  | { kind: 'joined'; isNew: boolean; place: Place; claims: TicketClaims }
  /** `startsAt` as ISO 8601, where the sale is still to come. */
  | { kind: 'sale-not-open'; startsAt: string | null }
  | { kind: 'sold-out' }
  | { kind: 'too-many-places' }
  | { kind: 'pass-spent' }
  | Revoked
  | NotItsKey
  | Refused;

export type LeaveOutcome = { kind: 'left' } | Revoked | NotItsKey | Refused;

export type Admission = {
  jti: string;
  /** As it is shown: the rank of who was drawn. */
  number: number;
  /** The place's own. */
  place: number;
  /** Units it may buy. */
  max: number;
  admittedAtMs: number;
  untilMs: number;
};

export type TakeOutcome =
  | { kind: 'issued'; admission: Admission }
  | { kind: 'not-admitted' | 'done' | 'expired' | 'left' }
  | Revoked
  | NotItsKey
  | Refused;
