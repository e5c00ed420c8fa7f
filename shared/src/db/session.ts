/**
 * Session settings of whoever serves a sale. A sale fills its tables long before Postgres counts
 * them again, and a kept plan is one for the tables as they were: statements are planned each time,
 * for the tables as they are, and by indexes. postgres.js sends no setting that is false, 0 or empty.
 */
export const plannedAsNeeded = {
  enable_seqscan: 'off',
  jit: 'off',
  plan_cache_mode: 'force_custom_plan',
} as const;
