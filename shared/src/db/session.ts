/**
 * Session settings of whoever serves a sale. Plans are kept, and a sale fills its tables long before
 * Postgres counts them again: a plan that was made for an empty table, and reads all of it, would
 * be kept while there are 100,000 rows. postgres.js sends no setting that is false, 0 or empty.
 */
export const plannedByIndexes = { enable_seqscan: 'off', jit: 'off' } as const;
