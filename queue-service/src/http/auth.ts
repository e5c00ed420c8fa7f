import { Problem } from '@fairgate/shared/problem.ts';
import type { Context } from 'hono';
import type { Keys } from '../app/keys.ts';
import type { Caller } from '../app/ports.ts';
import { type ApiRole, roleSuffices } from '../domain/roles.ts';

/** The key that a request brings, if its role suffices. Throws `unauthorized`, `forbidden`. */
export type Authenticate = (c: Context, needs: ApiRole) => Promise<Caller>;

const keyForm = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i;

export function authenticator(keys: Keys): Authenticate {
  return async (c, needs) => {
    const key = keyForm.exec(c.req.header('authorization') ?? '')?.[1];
    const caller = key === undefined ? null : await keys.whose(key);
    if (caller === null) {
      // RFC 9110 11.6.1: a 401 says how to authenticate.
      const headers = { 'www-authenticate': 'Bearer' };
      const detail = 'Send a valid API key as `Authorization: Bearer <key>`.';
      throw new Problem('unauthorized', { detail, headers });
    }
    if (!roleSuffices(caller.role, needs)) {
      throw new Problem('forbidden', `This needs the role ${needs}; the key has ${caller.role}.`);
    }
    return caller;
  };
}
