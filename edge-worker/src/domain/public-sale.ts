import { isoTime } from '@fairgate/shared/clock.ts';
import type { RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';

/** The sale of CONTRACT.md section 3, the same for everyone. */
export function publicSale(snapshot: RoomSnapshot, nowMs: number): PublicSale {
  const { id, name, mode, startsAt, endsAt, bindTokens, placesPerAddress, products } =
    snapshot.info;
  const { challenge, challengeAt, drawCommitment, drawSeed, identity } = snapshot.info;
  return {
    id,
    name,
    state: snapshot.state,
    startsAt,
    endsAt,
    serverTime: isoTime(nowMs),
    mode,
    bindTokens,
    challenge,
    challengeAt,
    ...(placesPerAddress === undefined ? {} : { placesPerAddress }),
    ...(identity && { identity: { issuer: identity.issuer, required: identity.required } }),
    ...(drawCommitment === undefined ? {} : { drawCommitment }),
    ...(drawSeed === undefined ? {} : { drawSeed }),
    products: products.map((product) => ({
      ...product,
      available: snapshot.stock.get(product.id)?.free ?? 0,
    })),
    waiting: snapshot.waiting,
    admitPerMinute: snapshot.admitPerMinute,
    message: snapshot.message,
  };
}
