import type { PlaceAsk } from '@fairgate/shared/notices/place-ask.ts';
import type { Unavailable } from './ports.ts';

export type AskAnswer =
  | { kind: 'kept' }
  /** So many changes of one place in a minute are no shopper's. */
  | { kind: 'too-often'; retryAfterSeconds: number }
  | Unavailable;

/** Keeps how somebody asks to be told, until the queue service takes it. Nothing here throws. */
export type AskGateways = { ask(saleId: string, ask: PlaceAsk): Promise<AskAnswer> };
