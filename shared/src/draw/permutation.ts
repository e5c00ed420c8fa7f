import { createHash } from 'node:crypto';

/** Lobby number <-> rank, both 1..entrants. */
export type Permutation = {
  rankOf(number: number): number;
  numberAt(rank: number): number;
  /** The tables of the rounds, in order: what the Lua twin works with. */
  tables: readonly Uint16Array[];
};

const rounds = 8;
/** Below 1,024 values a Feistel network mixes badly, and few entrants would show it. */
const halfBitsMin = 5;
/** Entries of a table fit 16 bits, and a room has fewer than 2^30 places. */
const halfBitsMax = 15;

/** Half the bits of the smallest domain 2^(2h) that holds `entrants` values. */
export function halfBits(entrants: number): number {
  if (!Number.isInteger(entrants) || entrants < 1 || entrants > 4 ** halfBitsMax) {
    throw new RangeError(`no permutation of ${entrants} entrants`);
  }
  let bits = halfBitsMin;
  while (4 ** bits < entrants) bits += 1;
  return bits;
}

/**
 * The order of a draw (D8): a Feistel network over [0, 2^2h), walked until it lands within the
 * entrants. `keyHex`: 64 hex digits. docs/draw.md gives every byte. Throws a RangeError for a key,
 * a number or a rank that is none.
 */
export function permutation(keyHex: string, entrants: number): Permutation {
  if (!/^[0-9a-f]{64}$/.test(keyHex)) throw new RangeError('the key of a draw is 64 hex digits');
  const bits = halfBits(entrants);
  const key = Buffer.from(keyHex, 'hex');
  const tables = Array.from({ length: rounds }, (_, round) => roundTable(key, round, bits));
  const backwards = tables.toReversed();
  return {
    tables,
    rankOf: (number) => walk(number, entrants, (value) => forth(value, bits, tables)),
    numberAt: (rank) => walk(rank, entrants, (value) => back(value, bits, backwards)),
  };
}

/** SHA-256(key, round, 0), SHA-256(key, round, 1), … read as 16-bit numbers, of which `bits` count. */
function roundTable(key: Buffer, round: number, bits: number): Uint16Array {
  const table = new Uint16Array(2 ** bits);
  const mask = table.length - 1;
  const block = Buffer.alloc(5);
  block.writeUInt8(round);
  let bytes = Buffer.alloc(0);
  for (let x = 0; x < table.length; x += 1) {
    const at = (2 * x) % 32;
    if (at === 0) {
      block.writeUInt32BE((2 * x) / 32, 1);
      bytes = createHash('sha256').update(key).update(block).digest();
    }
    table[x] = bytes.readUInt16BE(at) & mask;
  }
  return table;
}

function walk(place: number, entrants: number, step: (value: number) => number): number {
  if (!Number.isInteger(place) || place < 1 || place > entrants) {
    throw new RangeError(`${place} is not among ${entrants} entrants`);
  }
  let value = step(place - 1);
  while (value >= entrants) value = step(value);
  return value + 1;
}

function forth(value: number, bits: number, tables: readonly Uint16Array[]): number {
  let left = value >>> bits;
  let right = value & (2 ** bits - 1);
  for (const table of tables) [left, right] = [right, left ^ (table[right] ?? 0)];
  return left * 2 ** bits + right;
}

function back(value: number, bits: number, backwards: readonly Uint16Array[]): number {
  let left = value >>> bits;
  let right = value & (2 ** bits - 1);
  for (const table of backwards) [left, right] = [right ^ (table[left] ?? 0), left];
  return left * 2 ** bits + right;
}
