import { Problem } from '@fairgate/shared/problem.ts';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { z } from 'zod';
import type { Login, OidcSettings } from '../app/access-ports.ts';
import type { Identity } from '../app/caller.ts';
import type { Log } from '../app/ports.ts';
import { apiRoles } from '../domain/roles.ts';

/** What issuers sign with; never `none`, nor a shared secret. */
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const clockToleranceSeconds = 10;

/** The operator's own login. It is asked for its addresses when somebody first needs them. */
export function oidcLogin(settings: OidcSettings, log: Log): Login {
  const configured = once(async () => {
    const { issuer, clientId, clientSecret } = settings;
    const url = new URL(issuer);
    const isNear = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
    const auth = clientSecret === undefined ? oidc.None() : oidc.ClientSecretPost(clientSecret);
    const execute = isNear ? [oidc.allowInsecureRequests] : [];
    return await oidc.discovery(url, clientId, undefined, auth, { execute, timeout: 5 });
  });
  const keySet = once(async () => {
    const { jwks_uri: uri } = (await configured()).serverMetadata();
    if (uri === undefined) throw new Error('the issuer names no jwks_uri');
    return createRemoteJWKSet(new URL(uri));
  });
  return {
    name: settings.name,
    async whose(token) {
      // Without the issuer nobody can say what a token is worth: that is no fault of whoever has it.
      const keys = await keySet().catch(unavailable);
      try {
        const { issuer, audience } = settings;
        const rules = { issuer, audience, algorithms, clockTolerance: clockToleranceSeconds };
        const { payload } = await jwtVerify(token, keys, {
          ...rules,
          requiredClaims: ['exp', 'sub'],
        });
        return identityOf(payload, settings);
      } catch (error) {
        if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout) {
          unavailable(error);
        }
        log.info({ err: error }, 'a token of the login was refused');
        return null;
      }
    },
    async begin(redirectUri) {
      const verifier = oidc.randomPKCECodeVerifier();
      const state = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier };
      const url = oidc.buildAuthorizationUrl(await configured().catch(unavailable), {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: state.state,
        nonce: state.nonce,
      });
      return { url: url.href, state };
    },
    async finish(callbackUrl, { state, nonce, verifier }) {
      try {
        const tokens = await oidc.authorizationCodeGrant(await configured(), callbackUrl, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        // Checked on the way: signature, issuer, audience, nonce, times.
        return identityOf(tokens.claims() ?? {}, settings);
      } catch (error) {
        log.warn({ err: error }, 'a login was refused');
        return null;
      }
    },
  };
}

const claimsSchema = z.looseObject({
  sub: z.string().min(1).max(255),
  exp: z.number(),
  name: z.string().optional(),
  email: z.string().optional(),
});

/** Null where none of their roles is one of ours. */
function identityOf(payload: unknown, { rolesClaim, roles }: OidcSettings): Identity | null {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) return null;
  const { sub, name, email, exp } = claims.data;
  const listed = claims.data[rolesClaim];
  const held = z
    .union([z.array(z.string()), z.string().transform((one) => [one])])
    .safeParse(listed);
  const role = [...apiRoles].reverse().find((one) => held.data?.includes(roles[one]));
  if (role === undefined) return null;
  return { actor: `user:${sub}`, name: name ?? email ?? sub, role, expiresAt: exp * 1_000 };
}

function unavailable(cause: unknown): never {
  throw new Problem('unavailable', 'The login cannot be reached right now.', cause);
}

/** Done when first needed, kept when it succeeded. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | null = null;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = null;
      throw error;
    });
    return done;
  };
}
