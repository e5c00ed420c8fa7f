import { writeFileSync } from 'node:fs';
import { newId, newVisitorId } from '@fairgate/shared/ids.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import { newcomer, type Room } from '@fairgate/shared/room/room.ts';
import { leaseForGood, noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import { signTicket, type TicketKeys } from '@fairgate/shared/token/ticket.ts';
import type { Cluster, Redis } from 'ioredis';

const batch = 250;
/** Batches under way at once. */
const together = 20;

/** An open sale that admits nobody, so that those in line stay there. */
export async function openBenchSale(redis: Redis | Cluster): Promise<string> {
  const saleId = newId('sale');
  const startMs = Date.now() - 60_000;
  const info = {
    id: saleId,
    name: 'Benchmark',
    mode: 'fifo',
    startsAt: new Date(startMs).toISOString(),
    endsAt: null,
    products: [],
  };
  const fields = {
    name: 'Benchmark',
    mode: 'fifo',
    phase: 'open',
    startsAt: startMs,
    endsAt: 0,
    info: JSON.stringify(info),
    units: 1_000,
    admitPerMinute: 0,
    maxActive: 1_000,
    tokenSeconds: 120,
    abandonSeconds: 600,
    lobbySeconds: 900,
    maxUnitsPerShopper: 1,
    guaranteeStock: 1,
    message: '',
    placesPerAddress: 0,
    priorityShare: 0.5,
    revocations: '[]',
  } as const;
  const room = redisRoom(redis, nodeScripts());
  await room.configure(saleId, 1, fields, { ...noBeginning, free: 1_000 });
  await room.picture(saleId, 1, [{ productId: 'prod_bench', free: 1_000, held: 0, sold: 0 }]);
  await leaseForGood(redis, saleId);
  return saleId;
}

export type Standing = { visitor: string; number: number };

/** Puts so many newcomers in line by `join.lua`, and tells the first `kept` of them. */
export async function fillLine(
  room: Room,
  saleId: string,
  places: number,
  kept = 0,
): Promise<Standing[]> {
  const standings: Standing[] = [];
  for (let done = 0; done < places; done += batch * together) {
    const left = places - done;
    const sizes = Array.from({ length: together }, (_, i) =>
      Math.max(0, Math.min(batch, left - i * batch)),
    ).filter((size) => size > 0);
    const joined = await Promise.all(sizes.map((size) => joinMany(room, saleId, size)));
    const wanted = Math.max(0, kept - standings.length);
    standings.push(...joined.flat().slice(0, wanted));
  }
  return standings;
}

async function joinMany(room: Room, saleId: string, count: number): Promise<Standing[]> {
  const ids = Array.from({ length: count }, () => newVisitorId());
  const replies = await room.join(saleId, ids.map(newcomer));
  return replies.map(({ number }, i) => ({ visitor: ids[i] ?? '', number }));
}

export function placePath(saleId: string): string {
  return `/api/sales/${saleId}/place`;
}

/** Lines of a load: a signed ticket, and the address that it is for. */
export function ticketLines(
  keys: TicketKeys,
  saleId: string,
  standings: readonly Standing[],
): string[] {
  const iat = Math.floor(Date.now() / 1_000);
  const life = { iat, exp: iat + 60 * 86_400 };
  return standings.map(({ visitor, number }) => {
    const own = { sale: saleId, sub: visitor, n: number, ord: 1, lane: 'main' } as const;
    return `${signTicket(keys, { ...own, ...life })} ${placePath(saleId)}`;
  });
}

export function writeLines(file: string, lines: readonly string[]): void {
  writeFileSync(file, `${lines.join('\n')}\n`);
}
