// Runs as a Web Worker: finds the number that a challenge of ALTCHA hides behind its salt, by trying.
// SHA-256 (FIPS 180-4) in plain arithmetic, since crypto.subtle takes a promise for each hash; what
// the salt fills of whole blocks is hashed once for all tries.

type Given = { challenge: string; salt: string; maxnumber: number };

const primes: number[] = [];
for (let n = 2; primes.length < 64; n += 1) {
  if (primes.every((prime) => n % prime !== 0)) primes.push(n);
}
const fraction = (value: number) => ((value - Math.floor(value)) * 2 ** 32) | 0;
const constants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const beginning = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const words = new Int32Array(64);

/** One block of 64 bytes, from `at` on, into the state. */
const compress = (state: Int32Array, bytes: Uint8Array, at: number) => {
  for (let i = 0; i < 16; i += 1) {
    const p = at + 4 * i;
    words[i] = (bytes[p] << 24) | (bytes[p + 1] << 16) | (bytes[p + 2] << 8) | bytes[p + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15];
    const y = words[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
};

/** What stands behind the whole blocks: the rest of the salt, room for the digits, and padding. */
const lastBlocks = (salt: Uint8Array, from: number, digits: number) => {
  const rest = salt.subarray(from);
  const end = rest.length + digits;
  const blocks = new Uint8Array(end + 9 > 64 ? 128 : 64);
  blocks.set(rest);
  blocks[end] = 0x80;
  new DataView(blocks.buffer).setUint32(blocks.length - 4, 8 * (from + end));
  return blocks;
};

const reportEvery = 8_192;

/** The number, or null where none fits; tells how many were tried in between. */
const find = ({ challenge, salt, maxnumber }: Given, tell: (tried: number) => void) => {
  const bytes = new TextEncoder().encode(salt);
  const from = bytes.length - (bytes.length % 64);
  const middle = Int32Array.from(beginning);
  for (let at = 0; at < from; at += 64) compress(middle, bytes, at);
  const wanted = new Int32Array(8);
  for (let i = 0; i < 8; i += 1) wanted[i] = Number.parseInt(challenge.substr(8 * i, 8), 16) | 0;
  const state = new Int32Array(8);
  let blocks = new Uint8Array(64);
  let digitsBefore = 0;
  for (let number = 0; number <= maxnumber; number += 1) {
    const digits = `${number}`;
    if (digits.length !== digitsBefore) blocks = lastBlocks(bytes, from, digits.length);
    digitsBefore = digits.length;
    const end = bytes.length - from;
    for (let i = 0; i < digits.length; i += 1) blocks[end + i] = digits.charCodeAt(i);
    state.set(middle);
    for (let at = 0; at < blocks.length; at += 64) compress(state, blocks, at);
    if (state[0] === wanted[0] && state.every((word, i) => word === wanted[i])) return number;
    if (number % reportEvery === 0) tell(number);
  }
  return null;
};

self.onmessage = ({ data }: MessageEvent<Given>) => {
  const number = find(data, (tried) => postMessage({ tried }));
  postMessage({ number });
};

// A module to the compiler, so that its names are its own.
export {};
