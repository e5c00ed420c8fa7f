import { z } from 'zod';
import { lanes } from '../place.ts';
import type { RoomRedis } from '../redis/open.ts';
import { roomBooksSchema } from './books.ts';
import { drawSteps, type ScriptArgument } from './draw-steps.ts';
import { roomKeys } from './keys.ts';
import {
  type DueToken,
  type JoinQuestion,
  type JoinReply,
  type LookQuestion,
  type LookReply,
  type Room,
  roomFiguresSchema,
  snapshotAgeMsMax,
} from './room.ts';
import type { CommandName, Scripts } from './scripts.ts';
import { parseSnapshot } from './snapshot.ts';
import { roomStandings } from './standings.ts';

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
      'pass-spent',
      'revoked',
      ...keyFaults,
    ]),
    z.coerce.number(),
    z.coerce.number(),
    z.string(),
    z.coerce.number(),
    z.enum(lanes),
  ]),
);
const lookSchema = z.array(
  z.tuple([
    z.enum(['waiting', 'admitted', 'issued', 'done', 'expired', 'left', 'revoked', 'unknown']),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.coerce.number(),
    z.enum(lanes),
    z.number().transform((own) => own === 1),
  ]),
);
const takeSchema = z.tuple([
  z.enum([
    'issued',
    'ordinal',
    'not-admitted',
    'done',
    'expired',
    'left',
    'revoked',
    'unknown',
    ...keyFaults,
  ]),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
]);

const faultSchema = z.tuple([z.enum(['given', 'kept', 'no-room']), z.coerce.number()]);
const leaseSchema = z.tuple([z.enum(['leased', 'no-room']), z.number()]);

/** One step admits 125; the highest rate is ten thousand a second. */
const advanceStepsMax = 80;

/** The room's commands over an ioredis connection, each reply parsed here and nowhere else. */
export function redisRoom(redis: RoomRedis, scripts: Scripts): Room {
  const run = (name: CommandName, saleId: string, args: ScriptArgument[]) =>
    runScript(redis, scripts, name, saleId, args);
  const advanceJson = async (saleId: string, ageMsMax: number = snapshotAgeMsMax) => {
    for (let step = 1; ; step += 1) {
      const isLast = step === advanceStepsMax;
      const json = z.string().parse(await run('advance', saleId, [ageMsMax, isLast ? 1 : 0]));
      if (json !== 'more') return json;
    }
  };
  const draws = drawSteps((saleId, args) => run('draw', saleId, args));
  return {
    ...roomStandings(run),
    async configure(saleId, revision, fields, start) {
      const { draw = null, ...rest } = 'next' in start ? start : { ...start, draw: null };
      const args = [revision, JSON.stringify(fields), JSON.stringify(rest)];
      const reply = await run('configure', saleId, [...args, ...draws.args(draw)]);
      return z.enum(['created', 'updated', 'kept', 'no-room']).parse(reply);
    },
    async join(saleId, joiners) {
      return joinSchema.parse(await run('join', saleId, joiners.flatMap(joinArgs))).map(joinReply);
    },
    async look(saleId, questions) {
      return lookSchema
        .parse(await run('look', saleId, questions.flatMap(ticketArgs)))
        .map(lookReply);
    },
    async take(saleId, visitor, ordinal, jti, jkt = '') {
      const reply = takeSchema.parse(await run('take', saleId, [visitor, ordinal, jti, jkt]));
      const [outcome, number, own, admittedAtMs, untilMs, promise, place] = reply;
      return { outcome, number, ordinal: own, admittedAtMs, untilMs, promise, place };
    },
    async leave(saleId, ticket) {
      const reply = await run('leave', saleId, ticketArgs(ticket));
      return z.enum(['left', 'kept', 'revoked', 'unknown', ...keyFaults]).parse(reply);
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
    async log(saleId, upToSeq, limit) {
      const blocks = z.array(z.string()).parse(await run('log', saleId, [upToSeq, limit]));
      return { records: blocks.flatMap((block) => recordsAfter(block, upToSeq)).slice(0, limit) };
    },
    async draw(saleId, draw) {
      return await draws.step(saleId, draw);
    },
    async fault(saleId, visitor, jti, ms) {
      const reply = faultSchema.parse(await run('fault', saleId, [visitor, jti, Math.floor(ms)]));
      return { outcome: reply[0], until: reply[1] };
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
  args: ScriptArgument[],
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

function ticketArgs(q: LookQuestion): ScriptArgument[] {
  return [q.visitor, q.number, q.ordinal, q.jkt ?? '', q.lane ?? 'main'];
}

function joinArgs(q: JoinQuestion): ScriptArgument[] {
  return [...ticketArgs(q), q.pass ?? '', q.address ?? '', q.moves === true ? 1 : 0];
}

function joinReply(row: z.infer<typeof joinSchema>[number]): JoinReply {
  const [outcome, number, ordinal, state, score, lane] = row;
  return { outcome, number, ordinal, state, score, lane };
}

function lookReply(row: z.infer<typeof lookSchema>[number]): LookReply {
  const [state, number, ordinal, score, admittedAtMs, untilMs, promise, lane, isOwn] = row;
  return { state, number, ordinal, score, admittedAtMs, untilMs, promise, lane, isOwn };
}

/** What one command appended: `first count`, and a record in each line behind it. */
function recordsAfter(block: string, upToSeq: number): string[] {
  const [head = '', ...lines] = block.split('\n');
  const first = Number(head.split(' ')[0]);
  return lines.map((line, i) => `${first + i} ${line}`).slice(Math.max(0, upToSeq + 1 - first));
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
