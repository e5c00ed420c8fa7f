import { z } from 'zod';

/** A report that is still in the outbox, as `books.lua` looks for it. */
export type WaitingReport = {
  kind: string;
  seq: number;
  jti: string;
  taken: number;
  returned: number;
};

export type BooksQuestion = {
  /** Orders that await payment, by `jti`. */
  orders: string[];
  reports: WaitingReport[];
  /** Which page of the room's own sets is told. */
  from: number;
  limit: number;
};

/** Lua has no empty list: it comes as an empty object. */
const list = <T extends z.ZodType>(item: T) =>
  z.union([z.array(item), z.strictObject({}).transform((): z.output<T>[] => [])]);

const stockSchema = z.string().transform((json) => {
  const flat = z.array(z.string()).catch([]).parse(JSON.parse(json));
  const map = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i] ?? '', flat[i + 1] ?? '');
  return map;
});

/** What the room believes; see `books.lua`. */
export const roomBooksSchema = z.object({
  /** Rises with each change that a checkout reported. */
  settles: z.number(),
  mended: z.number(),
  /** Units that can no longer be had, by the room's count; null where it is too much to sum up. */
  gone: z.number().nullable(),
  redeemed: z.number(),
  missing: list(z.string()),
  unheard: list(z.number()),
  holding: list(z.string()),
  tokens: list(z.string()),
  stock: stockSchema,
});
export type RoomBooks = z.infer<typeof roomBooksSchema>;
