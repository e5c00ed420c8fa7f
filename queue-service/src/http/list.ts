import type { Page, PageQuery } from '@fairgate/shared/http/page.ts';
import { type IdPrefix, isId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { PageOf } from '../app/ports.ts';

/** One page of a list; the cursor is the id of its last item. */
export async function onePage<Row extends { id: string }, Item, Query extends PageQuery>(
  /** Of the ids, or what a cursor looks like. */
  prefix: IdPrefix | RegExp,
  query: Query,
  read: (page: Query & PageOf) => Promise<Row[]>,
  view: (row: Row) => Item,
): Promise<Page<Item>> {
  const { cursor } = query;
  const isCursor = (text: string) =>
    typeof prefix === 'string' ? isId(prefix, text) : prefix.test(text);
  if (cursor !== undefined && !isCursor(cursor)) {
    const errors = [{ path: 'cursor', message: 'is not a cursor of this list' }];
    throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
  }
  // One more than was asked for tells whether there is a next page.
  const rows = await read({ ...query, limit: query.limit + 1 });
  const items = rows.slice(0, query.limit);
  const nextCursor = rows.length > query.limit ? (items.at(-1)?.id ?? null) : null;
  return { items: items.map(view), nextCursor };
}
