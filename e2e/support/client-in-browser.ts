import { fairgateClient } from '@fairgate/shared/client';
import { type KeyPair, newKeyPair, webCryptoSigner } from '@fairgate/shared/client/proofs';
import type { ClientStorage } from '@fairgate/shared/client/storage';

// Bundled for a real browser by typed-client.test.ts.

/** What a browser has and node's types do not. */
type Wide = typeof globalThis & {
  location: { origin: string };
  localStorage: {
    getItem(name: string): string | null;
    setItem(name: string, text: string): void;
    removeItem(name: string): void;
  };
  keptPair(fresh: KeyPair): Promise<KeyPair>;
};
const wide = globalThis as Wide;

const storage: ClientStorage = {
  get: (name) => wide.localStorage.getItem(name),
  set: (name, text) => wide.localStorage.setItem(name, text),
  delete: (name) => wide.localStorage.removeItem(name),
};

async function clientHere() {
  const signer = await webCryptoSigner(await wide.keptPair(await newKeyPair()));
  return fairgateClient({ origin: wide.location.origin, storage, signer });
}

Object.assign(globalThis, {
  async joinHere(saleId: string): Promise<number> {
    return (await (await clientHere()).join(saleId)).place.number;
  },
  async buyHere(saleId: string, productId: string): Promise<string[]> {
    const client = await clientHere();
    for await (const news of client.wait(saleId)) {
      if (news.kind === 'trouble') throw news.error;
    }
    const { token } = await client.token(saleId);
    const { order } = await client.redeem({ token, items: [{ productId, quantity: 1 }] });
    const states: string[] = [];
    for await (const { state } of client.orderEvents(order.id)) {
      if (states.length === 0) {
        await client.pay(order.id, { provider: 'sandbox', card: '4242424242424242' });
      }
      states.push(state);
    }
    return states;
  },
});
