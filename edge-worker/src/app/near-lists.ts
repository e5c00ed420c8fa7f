/** A page of the public list: snapshots as the room gave them at that time. */
export type NearList = { atMs: number; snapshots: string[]; nextCursor: string | null };

/** Pages of the list near by, held for all isolates of a data centre. Nothing here throws. */
export type NearLists = {
  get(limit: number, cursor: string | null): Promise<NearList | null>;
  put(limit: number, cursor: string | null, list: NearList): Promise<void>;
};
