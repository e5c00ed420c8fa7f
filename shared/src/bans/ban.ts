import { z } from 'zod';
import { addressText, networkText, parseAddress, parseNetwork } from '../address.ts';

export const banKinds = ['ip', 'cidr', 'visitor', 'country', 'asn'] as const;
export type BanKind = (typeof banKinds)[number];

/** STRING: the list of bans as `banListText` writes it. Owner: the queue service; read by gateways. */
export const bansKey = 'fg:bans';

/** More would make the list too large to be read anew by every gateway: some 100 bytes each. */
export const bansMax = 10_000;

const listedBanSchema = z.object({
  id: z.string(),
  kind: z.enum(banKinds),
  value: z.string(),
  /** ms since the epoch; null: until it is lifted. */
  expiresAt: z.number().nullable(),
});
export type ListedBan = z.infer<typeof listedBanSchema>;

const banListSchema = z.object({ version: z.int(), bans: z.array(listedBanSchema) });
/** The bans that hold; a list with a higher version was read later. */
export type BanList = z.infer<typeof banListSchema>;

/** The version stands first: it can be read without the rest (`versionLength`). */
export function banListText({ version, bans }: BanList): string {
  return JSON.stringify({ version, bans });
}

/** So many characters of the text hold the version. */
export const versionLength = 28;

/** The version of a text, or of its beginning; null where there is none. */
export function banListVersion(text: string): number | null {
  const digits = /^\{"version":(\d{1,16})[,}]/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Throws a ZodError or SyntaxError for what is no list. */
export function parseBanList(text: string): BanList {
  return banListSchema.parse(JSON.parse(text));
}

/** The one form of a ban's value in which it is stored and compared, or what it must be. */
export type BanValue = { kind: 'value'; value: string } | { kind: 'wrong'; mustBe: string };

/** Normalises what an operator wrote. */
export function banValue(kind: BanKind, text: string): BanValue {
  const given = text.trim();
  switch (kind) {
    case 'ip': {
      const address = parseAddress(given);
      return valueOr(address && addressText(address), 'must be an IPv4 or IPv6 address');
    }
    case 'cidr': {
      const network = parseNetwork(given);
      return valueOr(network && networkText(network), 'must be a network, such as 203.0.113.0/24');
    }
    case 'visitor':
      return valueOr(matched(given, /^[A-Za-z0-9_-]{1,64}$/), 'must be the id of a visitor');
    case 'country': {
      // T1 is what Cloudflare calls the Tor network.
      const code = matched(given.toUpperCase(), /^([A-Z]{2}|T1)$/);
      return valueOr(code, 'must be an ISO 3166 code of two letters, such as DE');
    }
    case 'asn': {
      const number = /^(?:AS)?(\d{1,10})$/i.exec(given)?.[1];
      const isOne = number !== undefined && Number(number) >= 1 && Number(number) < 2 ** 32;
      return valueOr(isOne ? String(Number(number)) : null, 'must be a number, such as AS64496');
    }
  }
}

function valueOr(value: string | null, mustBe: string): BanValue {
  return value === null ? { kind: 'wrong', mustBe } : { kind: 'value', value };
}

function matched(text: string, form: RegExp): string | null {
  return form.test(text) ? text : null;
}
