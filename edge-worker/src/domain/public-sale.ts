import { isoTime } from '@fairgate/shared/clock.ts';
import type { RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { PublicSale, SaleInfo } from '@fairgate/shared/sale.ts';

/** The sale of CONTRACT.md section 3, the same for everyone. */
export function publicSale(snapshot: RoomSnapshot, nowMs: number): PublicSale {
  return {
    ...publicInfo(snapshot.info, (productId) => snapshot.stock.get(productId)?.free ?? 0),
    lobbyOpensAt: lobbyOpensAt(snapshot),
    state: snapshot.state,
    serverTime: isoTime(nowMs),
    waiting: snapshot.waiting,
    admitPerMinute: snapshot.admitPerMinute,
    message: snapshot.message,
  };
}

function lobbyOpensAt({ startsAt, lobbySeconds }: RoomSnapshot): string | null {
  return lobbySeconds === 0 ? null : isoTime(startsAt - lobbySeconds * 1_000);
}

type Live = 'lobbyOpensAt' | 'state' | 'serverTime' | 'waiting' | 'admitPerMinute' | 'message';

/** What only an admin changes of it, and how much of each product is free. */
export function publicInfo(
  info: SaleInfo,
  available: (productId: string) => number,
): Omit<PublicSale, Live> {
  const { id, name, mode, startsAt, endsAt, bindTokens, placesPerAddress, products } = info;
  const { challenge, challengeAt, drawCommitment, drawSeed, identity } = info;
  return {
    id,
    name,
    startsAt,
    endsAt,
    mode,
    bindTokens,
    challenge,
    challengeAt,
    ...(placesPerAddress === undefined ? {} : { placesPerAddress }),
    ...(identity && { identity: { issuer: identity.issuer, required: identity.required } }),
    ...(drawCommitment === undefined ? {} : { drawCommitment }),
    ...(drawSeed === undefined ? {} : { drawSeed }),
    products: products.map((product) => ({ ...product, available: available(product.id) })),
  };
}
