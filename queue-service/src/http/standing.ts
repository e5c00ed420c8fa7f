import { Problem } from '@fairgate/shared/problem.ts';
import type { Context } from 'hono';
import type { SignIn } from '../app/sign-in.ts';
import { type ApiRole, roleSuffices } from '../domain/roles.ts';
import { credentialOf, unknownCaller } from './auth.ts';

/** Resolves while whoever opened a stream may read it; rejects once they may not. */
export type Standing = (c: Context, needs: ApiRole) => Promise<void>;

/** Less than a second, in which everybody who reads a stream asks. */
const askedMs = 900;
/** While nobody can tell, because Postgres is away, those who were known stay for so long. */
const graceMs = 30_000;
/** Credentials that nobody has asked about for so long are forgotten. */
const forgottenMs = 60_000;

type Asked = { atMs: number; answer: Promise<void>; goodAtMs: number };

/**
 * Asks anew about a credential and a role once a second at most, however many streams they opened.
 * A credential that was good once is no guess: no address is slowed for it. `now` in ms.
 */
export function standing(signIn: SignIn, now: () => number = () => performance.now()): Standing {
  const all = new Map<string, Asked>();
  const ask = (c: Context, needs: ApiRole, goodAtMs: number): Asked => {
    const asked: Asked = { atMs: now(), answer: Promise.resolve(), goodAtMs };
    asked.answer = signIn(credentialOf(c), null).then(
      (known) => {
        if (known === null || !roleSuffices(known.role, needs)) throw unknownCaller();
        asked.goodAtMs = now();
      },
      (error: unknown) => {
        if (isRefusal(error) || now() - asked.goodAtMs > graceMs) throw error;
      },
    );
    // It is told to whoever waits for it.
    asked.answer.catch(() => {});
    return asked;
  };
  return async (c, needs) => {
    const credential = credentialOf(c);
    const key =
      credential.kind === 'none' ? '' : `${needs} ${credential.kind} ${credential.secret}`;
    const known = all.get(key);
    if (known !== undefined && now() - known.atMs < askedMs) return await known.answer;
    for (const [other, { atMs }] of all) if (now() - atMs > forgottenMs) all.delete(other);
    // Whoever asks first has just been let in.
    const asked = ask(c, needs, known?.goodAtMs ?? now());
    all.set(key, asked);
    return await asked.answer;
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof Problem && error.slug !== 'unavailable';
}
