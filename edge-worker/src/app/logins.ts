import { type Clock, clockSkewSeconds } from '@fairgate/shared/clock.ts';
import type { IdentitySetting } from '@fairgate/shared/sale.ts';
import { personVisitor } from '@fairgate/shared/token/person.ts';
import { errors, type JWTVerifyResult, jwtVerify } from 'jose';
import { z } from 'zod';
import type { KeySet, KeySets } from './key-sets.ts';

export type LoginVerdict =
  | { kind: 'person'; visitor: string }
  | { kind: 'invalid'; cause: unknown }
  /** The key set of the login cannot be had. */
  | { kind: 'unavailable' };

export type Logins = {
  /** Whose login a token of the shop's shows. */
  verify(setting: IdentitySetting, token: string): Promise<LoginVerdict>;
};

/** Signatures by keys that the edge need not hold; never `none`, never a shared secret (RFC 8725). */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

const subSchema = z.string().min(1).max(256);

/** Checks signature, algorithm, issuer, audience and times of an identity token (RFC 7519). */
export function trustedLogins(keySets: KeySets, clock: Clock): Logins {
  return {
    async verify({ jwksUrl, issuer, audience }, token) {
      const check = (keys: KeySet): Promise<JWTVerifyResult> =>
        jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms,
          clockTolerance: clockSkewSeconds,
          requiredClaims: ['sub', 'exp'],
          currentDate: new Date(clock.now()),
        });
      for (const isUnknownKey of [false, true]) {
        const keys = await keySets.find(jwksUrl, isUnknownKey);
        if (keys === null) return { kind: 'unavailable' };
        try {
          const sub = subSchema.parse((await check(keys)).payload.sub);
          return { kind: 'person', visitor: personVisitor(issuer, sub) };
        } catch (cause) {
          // Perhaps by a key that was rotated in since the set was fetched.
          if (cause instanceof errors.JWKSNoMatchingKey && !isUnknownKey) continue;
          return { kind: 'invalid', cause };
        }
      }
      return { kind: 'unavailable' };
    },
  };
}
