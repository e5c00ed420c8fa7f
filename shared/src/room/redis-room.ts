import { z } from 'zod';
import type { RoomRedis } from '../redis/open.ts';
import { roomBooksSchema } from './books.ts';
import { roomKeys } from './keys.ts';
import {
  type DueToken,
  type JoinReply,
  type LookQuestion,
  type LookReply,
  type Room,
  roomFiguresSchema,
  snapshotAgeMsMax,
} from './room.ts';
import type { CommandName, Scripts } from './scripts.ts';
import { parseSnapshot } from './snapshot.ts';

const keyFaults = ['key-needed', 'other-key'] as const;
const joinSchema = z.array(
  z.tuple([
    z.enum([
      'joined',
      'kept',
      'unknown',
      'sale-not-open',
      'sold-out',
      'too-many-places',
      ...keyFaults,
    ]),
    z.coerce.number(),
    z.coerce.number(),
    z.string(),
    z.coerce.number(),
  ]),
);
const lookSchema = z.array(
  z.tuple([
    z.enum(['waiting', 'admitted', 'issued', 'done', 'expired', 'left', 'unknown']),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
  ]),
);
const takeSchema = z.tuple([
  z.enum(['issued', 'ordinal', 'not-admitted', 'done', 'expired', 'left', 'unknown', ...keyFaults]),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
]);

const leaseSchema = z.tuple([z.enum(['leased', 'no-room']), z.number()]);

/** The room's commands over an ioredis connection, each reply parsed here and nowhere else. */
export function redisRoom(redis: RoomRedis, scripts: Scripts): Room {
  const run = (name: CommandName, saleId: string, args: (string | number)[]) =>
    runScript(redis, scripts, name, saleId, args);
  const advanceJson = async (saleId: string, ageMsMax: number = snapshotAgeMsMax) =>
    z.string().parse(await run('advance', saleId, [ageMsMax]));
  return {
    async configure(saleId, revision, fields, start) {
      const args = [revision, JSON.stringify(fields), JSON.stringify(start)];
      const reply = await run('configure', saleId, args);
      return z.enum(['created', 'updated', 'kept', 'no-room']).parse(reply);
    },
    async join(saleId, joiners) {
      return joinSchema.parse(await run('join', saleId, fours(joiners))).map(joinReply);
    },
    async look(saleId, questions) {
      return lookSchema.parse(await run('look', saleId, fours(questions))).map(lookReply);
    },
    async take(saleId, visitor, ordinal, jti, jkt = '') {
      const reply = takeSchema.parse(await run('take', saleId, [visitor, ordinal, jti, jkt]));
      const [outcome, number, own, admittedAtMs, untilMs, promise] = reply;
      return { outcome, number, ordinal: own, admittedAtMs, untilMs, promise };
    },
    async leave(saleId, ticket) {
      const reply = await run('leave', saleId, fours([ticket]));
      return z.enum(['left', 'kept', 'unknown', ...keyFaults]).parse(reply);
    },
    async advance(saleId, ageMsMax) {
      const json = await advanceJson(saleId, ageMsMax);
      return json === '' ? null : parseSnapshot(json);
    },
    advanceJson,
    async settle(saleId, reports) {
      const reply = await run('settle', saleId, [JSON.stringify(reports)]);
      return z.enum(['taken', 'no-room']).parse(reply);
    },
    async picture(saleId, version, counts) {
      const args = counts.flatMap((c) => [c.productId, c.free, c.held, c.sold]);
      return z.enum(['stored', 'older']).parse(await run('picture', saleId, [version, ...args]));
    },
    async due(saleId, passedMs, limit) {
      const flat = z.array(z.coerce.string()).parse(await run('due', saleId, [passedMs, limit]));
      return dueTokens(flat);
    },
    async remember(saleId, usedUp) {
      const args = usedUp.flatMap((t) => [t.visitor, t.number, t.jti, t.state, t.ordinal]);
      return z.enum(['remembered', 'no-room']).parse(await run('remember', saleId, args));
    },
    async promise(saleId, key, units) {
      const reply = await run('promise', saleId, [key, units]);
      return z.enum(['promised', 'none', 'no-room']).parse(reply);
    },
    async lease(saleId, until) {
      const reply = leaseSchema.parse(await run('lease', saleId, [Math.floor(until)]));
      return { outcome: reply[0], now: reply[1] };
    },
    async books(saleId, question) {
      const json = z.string().parse(await run('books', saleId, [JSON.stringify(question)]));
      return json === '' ? null : roomBooksSchema.parse(JSON.parse(json));
    },
    async mend(saleId, mended, units, redeemed) {
      const reply = await run('mend', saleId, [mended, units, redeemed]);
      return z.enum(['mended', 'stale', 'no-room']).parse(reply);
    },
    async figures(saleId) {
      const json = z.string().parse(await run('figures', saleId, []));
      return json === '' ? null : roomFiguresSchema.parse(JSON.parse(json));
    },
  };
}

/** By its hash; by its text where Redis has forgotten it (a restart, a failover). */
async function runScript(
  redis: RoomRedis,
  scripts: Scripts,
  name: CommandName,
  saleId: string,
  args: (string | number)[],
): Promise<unknown> {
  const keys = roomKeys(saleId);
  const script = scripts[name];
  try {
    return await redis.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await redis.eval(script.source, keys.length, ...keys, ...args);
  }
}

function fours(questions: readonly LookQuestion[]): (string | number)[] {
  return questions.flatMap((q) => [q.visitor, q.number, q.ordinal, q.jkt ?? '']);
}

function joinReply(row: z.infer<typeof joinSchema>[number]): JoinReply {
  const [outcome, number, ordinal, state, score] = row;
  return { outcome, number, ordinal, state, score };
}

function lookReply(row: z.infer<typeof lookSchema>[number]): LookReply {
  const [state, number, ordinal, score, admittedAtMs, untilMs, promise] = row;
  return { state, number, ordinal, score, admittedAtMs, untilMs, promise };
}

function dueTokens(flat: string[]): DueToken[] {
  const found: DueToken[] = [];
  for (let i = 0; i < flat.length; i += 4) {
    found.push({
      jti: flat[i] ?? '',
      visitor: flat[i + 1] ?? '',
      promise: Number(flat[i + 2] ?? 0),
      number: Number(flat[i + 3] ?? 0),
    });
  }
  return found;
}
