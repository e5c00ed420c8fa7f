import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type PassKeys, passSecondsMax, signPass } from '@fairgate/shared/token/pass.ts';
import { by, type Caller } from './caller.ts';
import { madeOnce } from './once.ts';
import type { Store } from './ports.ts';
import { existingSale } from './sales.ts';

/** `expiresAt` in ms; null: as long as a pass may live. */
export type PassWish = { lane: 'priority'; count: number; expiresAt: number | null };

export type PassBatch = {
  id: string;
  saleId: string;
  lane: 'priority';
  expiresAt: number;
  /** The passes themselves, kept nowhere: whoever has one may use it. */
  passes: string[];
};

/** Passes of one answer: their signatures take a tenth of a second, and their text 3 MB. */
export const passesMax = 10_000;

/**
 * Makes single-use passes; the ledger tells how many, by whom and until when. Throws `not-found`,
 * `conflict` (the sale is closed), `invalid-request` (they would be expired, or live too long).
 */
export type MakePasses = (caller: Caller, saleId: string, wish: PassWish) => Promise<PassBatch>;

export function makePasses(parts: { store: Store; keys: PassKeys; clock: Clock }): MakePasses {
  const { keys, clock } = parts;
  return async (caller, saleId, { lane, count, expiresAt }) => {
    const batch = await madeOnce(parts, caller, async (rows) => {
      const now = clock.now();
      const iat = Math.floor(now / 1_000);
      const exp = expiresAt === null ? iat + passSecondsMax : Math.floor(expiresAt / 1_000);
      if (exp <= iat) throw badExpiry('is over already');
      if (exp > iat + passSecondsMax) throw badExpiry('must be within 400 days');
      const sale = await existingSale(rows, saleId, 'update');
      if (sale.phase === 'closed') throw new Problem('conflict', 'The sale is closed.');
      const id = newId('pass', now);
      const detail = { batchId: id, lane, count, expiresAt: exp * 1_000 };
      await rows.note({ ...by(caller), action: 'passes.made', saleId, detail });
      return { id, seed: randomBytes(32).toString('base64url'), iat, exp };
    });
    const passes = Array.from({ length: count }, (_, n) => {
      const claims = { iat: batch.iat, exp: batch.exp, jti: passId(batch.seed, n) };
      return signPass(keys, { sale: saleId, lane, ...claims });
    });
    return { id: batch.id, saleId, lane, expiresAt: batch.exp * 1_000, passes };
  };
}

/** 96 bits that follow from the batch, so that a call that is sent again answers the same passes. */
function passId(seed: string, n: number): string {
  return createHash('sha256').update(`${seed}:${n}`).digest().toString('base64url', 0, 12);
}

function badExpiry(message: string): Problem {
  const errors = [{ path: 'expiresAt', message }];
  return new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}
