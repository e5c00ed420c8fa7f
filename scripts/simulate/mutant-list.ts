import type { CommandName } from '@fairgate/shared/room/scripts.ts';
import type { Invariant } from './broken.ts';

/** A mistake put into the room's Lua, and what it breaks. */
export type Mutant = {
  name: string;
  scripts: CommandName[];
  /** A piece of the text that is there once, or so many times, and what is put in its place. */
  find: string;
  times?: number;
  put: string;
  breaks: Invariant[];
  /** It takes hundreds of runs to find: `npm run simulate -- --mutants` does, the tests do not. */
  isRare?: true;
};

export const mutants: Mutant[] = [
  {
    name: 'the burst is doubled',
    scripts: ['advance'],
    find: 'math.max(1, perMs * 1000)',
    put: '2 * math.max(1, perMs * 1000)',
    breaks: ['7.4'],
  },
  {
    name: 'the bucket is not emptied',
    scripts: ['advance'],
    find: 'bucket - admitted',
    put: 'bucket',
    breaks: ['7.4'],
  },
  {
    name: 'the present are passed over like the absent',
    scripts: ['advance'],
    find: "redis.call('GETBIT', seenKey(width, span - back), number) == 1",
    put: 'false',
    breaks: ['7.3', 'lively'],
  },
  {
    name: 'nobody is ever found absent',
    scripts: ['advance'],
    find: 'local judges = now - int(fields.presenceSince) > watchMs',
    put: 'local judges = false',
    breaks: ['lively'],
    isRare: true,
  },
  {
    name: 'absence is judged by spans that are too few',
    scripts: ['advance'],
    find: 'for back = 0, 4 do',
    times: 2,
    put: 'for back = 0, 1 do',
    breaks: ['7.3'],
    isRare: true,
  },
  {
    name: 'an outage counts as absence',
    scripts: ['join', 'look'],
    find: "redis.call('HSET', room, 'presenceSince', now)",
    put: '',
    breaks: ['7.3'],
  },
  {
    name: 'what comes back is counted twice',
    scripts: ['settle'],
    find: "redis.call('HINCRBY', room, side, math.abs(units - was.units))",
    put: "redis.call('HINCRBY', room, side, 2 * math.abs(units - was.units))",
    breaks: ['7.4'],
  },
  {
    name: 'a report that comes again gives back again',
    scripts: ['settle'],
    find: 'giveBack(report, untaken(report), false)',
    put: "redis.call('HINCRBY', room, 'returned', untaken(report))",
    breaks: ['7.4'],
  },
  {
    name: 'maxActive is ignored',
    scripts: ['advance'],
    find: 'math.min(math.floor(bucket + 1e-6), free)',
    put: 'math.floor(bucket + 1e-6)',
    breaks: ['7.4'],
  },
  {
    name: 'orders that await payment are not active',
    scripts: ['advance'],
    find: "- redis.call('ZCARD', holding)",
    put: '',
    breaks: ['7.4'],
  },
  {
    name: 'who comes back takes the first number of the line',
    scripts: ['join', 'look'],
    find: 'own > frontier and own or frontier + 0.5',
    put: 'own > frontier and frontier + 1 or frontier + 0.5',
    breaks: ['7.6', '7.9'],
  },
  {
    name: 'who comes back stands at the end',
    scripts: ['join', 'look'],
    find: 'own > frontier and own or frontier + 0.5',
    put: 'own > frontier and own or int(fields.next) + 0.5',
    breaks: ['7.3', '7.9'],
  },
  {
    name: 'what nobody took does not come back',
    scripts: ['advance'],
    find: 'returned = returned + p.promise',
    put: '',
    breaks: ['lively'],
  },
  {
    name: 'the budget is no guard',
    scripts: ['advance'],
    find: 'promise < 1 or',
    put: 'promise < 0 or',
    breaks: ['7.4'],
  },
  {
    name: 'an admission promises what is not there',
    scripts: ['advance'],
    find: 'cells[done * 2 - 1] = visitor',
    put: 'cells[done * 2 - 1], promise = visitor, unitsMax',
    breaks: ['7.4'],
  },
  {
    name: 'an ordinal is used again',
    scripts: ['join'],
    find: 'p.admittedAt > 0 and p.ordinal + 1 or p.ordinal',
    put: 'p.ordinal',
    breaks: ['7.2', '7.4'],
    isRare: true,
  },
  {
    name: 'a second token beside one that is alive',
    scripts: ['advance'],
    find: 'or isUnsettled(p) then',
    put: 'then',
    breaks: ['7.2', '7.4'],
    isRare: true,
  },
  {
    name: 'joining again moves to the front',
    scripts: ['join'],
    find: "redis.call('ZADD', lineOf[lane], number, visitor)",
    put: "redis.call('ZADD', lineOf[lane], int(fields.frontier) + 1, visitor)",
    breaks: ['7.6', '7.9'],
  },
  {
    name: 'nobody pauses',
    scripts: ['advance'],
    find: "elseif fields.phase == 'paused' then",
    put: "elseif fields.phase == 'never' then",
    breaks: ['7.4'],
  },
  {
    name: 'no lease is needed',
    scripts: ['advance'],
    find: 'local isLeased = now < leaseUntil',
    put: 'local isLeased = true',
    breaks: ['7.4'],
  },
  {
    name: 'a room that was lost admits at once',
    scripts: ['configure'],
    find: 'start.next > 0 and now + reassemblyMs or now',
    put: 'now',
    breaks: ['7.3'],
    isRare: true,
  },
  {
    name: 'what was promised before a loss is forgotten',
    scripts: ['configure'],
    find: 'set.units - start.free + start.outstanding',
    put: 'set.units - start.free',
    breaks: ['7.4'],
  },
  {
    name: 'numbers begin again after a loss',
    scripts: ['configure'],
    find: "local kept = { 'next', 'frontier',",
    put: "redis.call('HSET', room, 'next', text(start.frontier))\n  local kept = { 'frontier',",
    breaks: ['7.9'],
  },
  {
    name: 'who bought may come again after a loss',
    scripts: ['remember'],
    find: "if state == 'done' then",
    put: "if state == 'never' then",
    breaks: ['7.6', '7.2'],
    isRare: true,
  },
  {
    name: 'a pass is good for many',
    scripts: ['join'],
    find: 'if owner and owner ~= ask.visitor then',
    put: 'if false then',
    breaks: ['7.9'],
  },
  {
    name: 'the revoked are let in',
    scripts: ['advance', 'look', 'join', 'take', 'configure'],
    find: 'if number >= range[1] and number <= range[2] then',
    put: 'if false then',
    breaks: ['7.6', '7.9'],
  },
];
