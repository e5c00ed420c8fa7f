import { makeCalls } from './calls.ts';
import { makeOrders, type OrderCalls } from './orders.ts';
import { type Pauses, systemPauses } from './pauses.ts';
import { makePlaces, type PlaceCalls, type SolveChallenge } from './places.ts';
import { hasWebCrypto, newKeyPair, type ProofSigner, webCryptoSigner } from './proofs.ts';
import { makeSales, type SaleCalls } from './sales.ts';
import { type ClientStorage, memoryStorage } from './storage.ts';
import { makeWait, type Wait } from './waiting.ts';

export type FairgateClientOptions = {
  /** Fairgate's public origin: `https://tickets.example`. */
  origin: string;
  fetch?: typeof globalThis.fetch;
  /** The client's own memory where it is left out: then a restart of the app loses the place. */
  storage?: ClientStorage;
  /**
   * The key that places are bound to; a new one of WebCrypto's where it is left out
   * and there is WebCrypto, `null` for none. It has to last
   * as long as the storage does: a bound ticket without its key is worth nothing.
   */
  signer?: ProofSigner | null;
  /** Where a sale asks for a challenge; without it such a join rejects with `challenge-required`. */
  solveChallenge?: SolveChallenge;
  /** For one answer; 10 s where it is left out. */
  timeoutSeconds?: number;
  /** For tests. */
  pauses?: Pauses;
};

export type FairgateClient = SaleCalls & PlaceCalls & OrderCalls & { wait: Wait };

/**
 * A shopper's way in code: `join -> wait -> token -> redeem -> pay -> orderEvents`. Needs `fetch`, and
 * WebCrypto or a `signer` where places are to be bound. One client is one shopper.
 */
export function fairgateClient(options: FairgateClientOptions): FairgateClient {
  const { storage = memoryStorage(), pauses = systemPauses, timeoutSeconds = 10 } = options;
  let made: Promise<ProofSigner | null> | null = null;
  const signer = () => {
    made ??= options.signer === undefined ? freshSigner() : Promise.resolve(options.signer);
    return made;
  };
  const calls = makeCalls({
    origin: new URL(options.origin).origin,
    // Called as a method of anything else, browsers refuse it.
    fetch: options.fetch ?? ((...query) => globalThis.fetch(...query)),
    signer,
    pauses,
    timeoutMs: timeoutSeconds * 1_000,
  });
  const { solveChallenge } = options;
  const places = makePlaces({ calls, storage, signer, solveChallenge });
  const orders = makeOrders({ calls, storage, pauses });
  return { ...makeSales(calls), ...places, ...orders, wait: makeWait(places, pauses) };
}

/** Null where there is no WebCrypto: React Native, and pages that came by plain http. */
async function freshSigner(): Promise<ProofSigner | null> {
  return hasWebCrypto() ? await webCryptoSigner(await newKeyPair()) : null;
}
