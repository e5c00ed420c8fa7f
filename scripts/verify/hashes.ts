import { createHash } from 'node:crypto';

// Written from docs/draw.md, and from nothing else.

export const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

export const emptyLogHead = (saleId: string) => sha256(`fairgate-log\n${saleId}`);

export const headAfter = (head: string, line: string) => sha256(`${head}\n${line}`);

export const keyOfDraw = (secret: string, lobbyHead: string, randomness: string) =>
  sha256(['fairgate-draw', secret, lobbyHead, randomness].join('\n'));

/** Ranks of the numbers 1..n, at their places 1..n; place 0 is unused. */
export function ranksOf(keyHex: string, entrants: number): Uint32Array {
  let h = 5;
  while (2 ** (2 * h) < entrants) h += 1;
  const size = 2 ** h;
  const tables = Array.from({ length: 8 }, (_, i) => tableOf(Buffer.from(keyHex, 'hex'), i, size));
  const ranks = new Uint32Array(entrants + 1);
  for (let number = 1; number <= entrants; number += 1) {
    let v = number - 1;
    do {
      let L = Math.floor(v / size);
      let R = v % size;
      for (const table of tables) {
        const swapped = L ^ (table[R] ?? 0);
        L = R;
        R = swapped;
      }
      v = L * size + R;
    } while (v >= entrants);
    ranks[number] = v + 1;
  }
  return ranks;
}

function tableOf(key: Buffer, round: number, size: number): number[] {
  const pieces: Buffer[] = [];
  for (let c = 0; c * 32 < 2 * size; c += 1) {
    const counter = Buffer.from([c >>> 24, (c >>> 16) & 255, (c >>> 8) & 255, c & 255]);
    const input = Buffer.concat([key, Buffer.from([round]), counter]);
    pieces.push(createHash('sha256').update(input).digest());
  }
  const stream = Buffer.concat(pieces);
  return Array.from(
    { length: size },
    (_, x) => ((stream[2 * x] ?? 0) * 256 + (stream[2 * x + 1] ?? 0)) % size,
  );
}
