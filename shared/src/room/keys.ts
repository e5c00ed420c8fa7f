/**
 * Every Redis key of a room. All carry the sale's hash tag, so that a room lives in one slot of
 * a cluster; all are set to expire 48 h after the sale was closed. Owner: the room's commands.
 */
export const roomKeyNames = [
  /** HASH: settings, phase, counters, token bucket, stock budget, lease (fields: see `configure.lua`). */
  'room',
  /** ZSET visitor -> score: who waits; the score is the number, or stands right behind the frontier. */
  'line',
  /** HASH visitor -> record of a place that has a history (fields: see `prelude.lua`). */
  'places',
  /** ZSET visitor -> deadline in ms: admissions whose token is unspent and alive. */
  'active',
  /** ZSET jti -> expiry in ms: purchase tokens issued, and neither spent nor lapsed as far as known. */
  'tokens',
  /** HASH jti, or `again:<order>` of late money -> `visitor|units|number`: what the budget counts under it. */
  'holders',
  /** ZSET jti -> pay-before in ms: orders awaiting payment. */
  'holding',
  /** HASH the same -> `units:ended:seq`: what came back to the budget (see `prelude.lua`). */
  'given',
  /** HASH product -> `free:held:sold`, and `free`, `held`, `total`, `version`: the late picture. */
  'stock',
  /** STRING: the last snapshot as JSON. */
  'snapshot',
  /** ZSET `ms` -> highest number then: when a number was given out. */
  'marks',
  /** ZSET `ms:joined:admitted` -> ms: the last minute, for rates. */
  'pulse',
  /** HASH bucket -> count: waits from joining to admission, in steps of 15 %. */
  'waits',
  /** Prefix of STRING bitmaps `:<width>:<n>` by number: who was seen in that span of time. */
  'seen',
  /** HASH visitor -> thumbprint of the key that they are bound to, the beginning of each. */
  'bound',
  /** ZSET as `line`: who waits in the priority lane. */
  'priority',
  /** LIST: what each command appended to the log, until it is in Postgres (see `log.lua`). */
  'log',
  /** STRING: tables of the draw's permutation, two bytes an entry. */
  'draw',
  /** STRING bitmap by number: put into the line, and not found gone since (advance.lua). */
  'known',
  /** STRING bitmap by number: nothing heard of for long, and still to be taken out of the line. */
  'gone',
  /** HASH digest of an address -> places; `v:<visitor>` -> digest. */
  'addresses',
  /** HASH pass -> visitor who spent it. */
  'passes',
  /** HASH id of a revocation -> ''; `v:<visitor>` -> the last number of theirs that is revoked. */
  'revoked',
  /** LIST `from:to`: ranges of numbers whose places are still to be taken out of the line. */
  'revoking',
  /** STRING JSON (`publishedAppearanceSchema`): the shop's own look of the pages, where it has one. */
  'appearance',
] as const;

export type RoomKeyName = (typeof roomKeyNames)[number];

export function roomKey(saleId: string, name: RoomKeyName): string {
  return `fg:{${saleId}}:${name}`;
}

/** All keys of a room in the order in which every command takes its KEYS. */
export function roomKeys(saleId: string): string[] {
  return roomKeyNames.map((name) => roomKey(saleId, name));
}

/**
 * STREAM of `ask` -> JSON of PlaceAsk: who asked to be told of their place, until the queue service
 * has it in Postgres. No command of the room touches it; it is bounded, and ends by itself.
 */
export function asksKey(saleId: string): string {
  return `fg:{${saleId}}:asks`;
}

/** ZSET sale -> startsAt in ms: every public sale. Its own slot; owner: the queue service. */
export const catalogueKey = 'fg:catalogue';
