/** An address as a number of 32 or 128 bits. An IPv4-mapped IPv6 address is the IPv4 one. */
export type Address = { bits: 32 | 128; value: bigint };

/** All addresses that begin with the same `length` bits; the others are 0 in `value`. */
export type Network = Address & { length: number };

/** `::ffff:0:0/96` (RFC 4291 section 2.5.5.2). */
const mappedPrefix = 0xffffn;

/** Reads an IPv4 or IPv6 address; null for anything else, zones and ports included. */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) return parseV4(text);
  const value = parseV6(text);
  if (value === null) return null;
  if (value >> 32n === mappedPrefix) return { bits: 32, value: value & 0xffffffffn };
  return { bits: 128, value };
}

/** Reads `address/length`, and clears the bits beyond the length; null for anything else. */
export function parseNetwork(text: string): Network | null {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const parsed = parseAddress(address);
  if (parsed === null) return null;
  const isMapped = address.includes(':') && parsed.bits === 32;
  const length = Number(digits) - (isMapped ? 96 : 0);
  if (length < 0 || length > parsed.bits) return null;
  return networkOf(parsed, length);
}

/** The network of that length which an address is in. */
export function networkOf({ bits, value }: Address, length: number): Network {
  const rest = BigInt(bits - length);
  return { bits, length, value: (value >> rest) << rest };
}

/**
 * Who counts as one where addresses are limited: an IPv4 address, or the /64 of an IPv6 one, which
 * is what a single household or machine is given (RFC 6177).
 */
export function clientNetwork(address: Address): Network {
  return networkOf(address, address.bits === 32 ? 32 : 64);
}

export function isInNetwork(address: Address, { bits, length, value }: Network): boolean {
  return address.bits === bits && networkOf(address, length).value === value;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback({ bits, value }: Address): boolean {
  return bits === 32 ? value >> 24n === 127n : value === 1n;
}

/** In its one canonical form (RFC 5952 for IPv6). */
export function addressText({ bits, value }: Address): string {
  return bits === 32 ? v4Text(value) : v6Text(value);
}

/** `address/length`; an address alone where the network is no larger. */
export function networkText(network: Network): string {
  const { bits, length } = network;
  return length === bits ? addressText(network) : `${addressText(network)}/${length}`;
}

function parseV4(text: string): Address | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    // A leading zero may mean octal to others: nobody should have to guess.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    value = (value << 8n) | BigInt(part);
  }
  return { bits: 32, value };
}

function parseV6(text: string): bigint | null {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return null;
  const before = groups(head, tail === undefined);
  const after = groups(tail ?? '', true);
  if (before === null || after === null) return null;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...before, ...new Array<number>(missing).fill(0), ...after];
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** Groups of 16 bits; the last two of an address may be written as an IPv4 one. */
function groups(text: string, isEnd: boolean): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const found: number[] = [];
  for (const [i, part] of parts.entries()) {
    const v4 = isEnd && i === parts.length - 1 && part.includes('.') ? parseV4(part) : null;
    if (v4 !== null) found.push(Number(v4.value >> 16n), Number(v4.value & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) found.push(Number.parseInt(part, 16));
    else return null;
  }
  return found;
}

function v4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function v6Text(value: bigint): string {
  const all = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  const { from, length } = longestZeros(all);
  if (length < 2) return all.join(':');
  return `${all.slice(0, from).join(':')}::${all.slice(from + length).join(':')}`;
}

function longestZeros(all: string[]): { from: number; length: number } {
  let longest = { from: 0, length: 0 };
  let run = { from: 0, length: 0 };
  for (const [i, group] of all.entries()) {
    if (group !== '0') run = { from: i + 1, length: 0 };
    else run = { from: run.from, length: run.length + 1 };
    if (run.length > longest.length) longest = run;
  }
  return longest;
}
