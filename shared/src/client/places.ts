import type { Place } from '../place.ts';
import type { Challenge, Joined, JoinWish, NoticesWish, Solution, TokenAnswer } from './answers.ts';
import type { Call, Calls } from './calls.ts';
import { FairgateProblem } from './problems.ts';
import type { ProofSigner } from './proofs.ts';
import { saleAt } from './sales.ts';
import type { ClientStorage } from './storage.ts';

export type SolveChallenge = (challenge: Challenge, step: 'join' | 'token') => Promise<Solution>;

export type PlaceParts = {
  calls: Calls;
  storage: ClientStorage;
  signer: () => Promise<ProofSigner | null>;
  solveChallenge: SolveChallenge | undefined;
};

type SignalOption = { signal?: AbortSignal | undefined };

/** A place's calls. Each rejects with `FairgateProblem`, `FairgateUnreachable`, or the signal's reason. */
export type PlaceCalls = {
  /** The same place again for who has a ticket in the storage. Solves the challenge that is asked for. */
  join(saleId: string, wish?: JoinWish, options?: SignalOption): Promise<Joined>;
  /** One look at one's place; `wait` does it at the right times. */
  poll(saleId: string, options?: SignalOption): Promise<Place>;
  /** Once admitted; asking again gives a token with the same `jti`. */
  token(saleId: string, options?: SignalOption): Promise<TokenAnswer>;
  /** Where to be told of one's place, or no longer. */
  notices(saleId: string, wish: NoticesWish, options?: SignalOption): Promise<void>;
  leave(saleId: string, options?: SignalOption): Promise<void>;
};

export function makePlaces({ calls, storage, signer, solveChallenge }: PlaceParts): PlaceCalls {
  const placeAt = (saleId: string) => `${saleAt(saleId)}/place`;
  const ticketName = (saleId: string) => `ticket:${saleId}`;
  const keep = async (saleId: string, ticket: string | undefined) => {
    if (ticket !== undefined) await storage.set(ticketName(saleId), ticket);
  };

  /** A ticket that is bound wants a proof; one that is not does not mind it. */
  async function credential(saleId: string, proof: boolean) {
    const value = await storage.get(ticketName(saleId));
    return value === null ? undefined : ({ scheme: 'Bearer', value, proof } as const);
  }

  async function solved<T>(saleId: string, step: 'join' | 'token', call: Call): Promise<T> {
    try {
      return await calls.json<T>(call);
    } catch (error) {
      const isAsked = error instanceof FairgateProblem && error.slug === 'challenge-required';
      if (!isAsked || solveChallenge === undefined) throw error;
      const { signal } = call;
      const path = `${saleAt(saleId)}/challenge`;
      const challenge = await calls.json<Challenge | null>({ method: 'GET', path, signal });
      // None any more: the setting was changed in between.
      const solution =
        challenge === null ? {} : { challenge: await solveChallenge(challenge, step) };
      return await calls.json<T>({ ...call, body: { ...call.body, ...solution } });
    }
  }

  async function joinOnce(saleId: string, wish: JoinWish, { signal }: SignalOption) {
    const key = await signer();
    const shown = await credential(saleId, true);
    const body = { ...wish, ...(key === null ? {} : { publicKey: key.publicKey }) };
    const call = {
      method: 'POST',
      path: placeAt(saleId),
      credential: shown,
      body,
      signal,
    } as const;
    const joined = await solved<Joined>(saleId, 'join', call);
    await keep(saleId, joined.ticket);
    return joined;
  }

  return {
    async join(saleId, wish = {}, options = {}) {
      try {
        return await joinOnce(saleId, wish, options);
      } catch (error) {
        // A ticket that is worth nothing any more, of a sale of long ago say, bars nobody.
        const isWorthless = error instanceof FairgateProblem && worthless.includes(error.slug);
        if (!isWorthless || (await storage.get(ticketName(saleId))) === null) throw error;
        await storage.delete(ticketName(saleId));
        return await joinOnce(saleId, wish, options);
      }
    },

    async poll(saleId, { signal } = {}) {
      type Answer = { place: Place; ticket?: string };
      const shown = await credential(saleId, false);
      const call = { method: 'GET', path: placeAt(saleId), credential: shown, signal } as const;
      const { place, ticket } = await calls.json<Answer>(call);
      await keep(saleId, ticket);
      return place;
    },

    async token(saleId, { signal } = {}) {
      const shown = await credential(saleId, true);
      const path = `${placeAt(saleId)}/token`;
      return await solved<TokenAnswer>(saleId, 'token', {
        method: 'POST',
        path,
        credential: shown,
        body: {},
        signal,
      });
    },

    async notices(saleId, wish, { signal } = {}) {
      const shown = await credential(saleId, false);
      const path = `${placeAt(saleId)}/notices`;
      await calls.json({ method: 'PUT', path, credential: shown, body: wish, signal });
    },

    async leave(saleId, { signal } = {}) {
      const shown = await credential(saleId, true);
      await calls.json({ method: 'DELETE', path: placeAt(saleId), credential: shown, signal });
      await storage.delete(ticketName(saleId));
    },
  };
}

const worthless: string[] = ['unauthorized', 'token-invalid', 'token-expired'];
