/** Every bound of what an isolate holds, each with its reason. An isolate has 128 MB in all. */
export const limits = {
  /** Verified tickets in each of two generations: some 600 bytes each, so 24 MB at most. */
  ticketsMax: 20_000,
  /** Who was noted, and who is somewhere else than their ticket says: some 150 bytes each. */
  visitorsMax: 50_000,
  /** Sales whose snapshot is held; one takes some 10 KB. */
  salesMax: 200,
  /** Sales whose own look is held: 16 KB each at most. */
  appearancesMax: 100,
  /** Addresses that were asked for and are no sale: only a guard against repeated guesses. */
  unknownSalesMax: 1_000,
  /** Pages of the public list. */
  listsMax: 50,
  /** Age at which one request fetches a page of the list anew, while the others go on with the old one. */
  listRefreshMs: 700,
  /** Each isolate does so earlier by up to this: those that share a page near by take turns. */
  listRefreshSpreadMs: 200,
  /** No list is older while the room can be reached. */
  listAgeMsMax: 1_200,
  /** Clocks of a data centre differ by less: a list from near that is dated further ahead is not taken. */
  listAheadMsMax: 200,
  /** Age at which one request fetches a new snapshot, while the others go on with the old one. */
  snapshotRefreshMs: 700,
  /** No answer rests on an older one while the room can be reached (D2). */
  snapshotAgeMsMax: 1_500,
  /** A snapshot counts as no older than this on arrival, however wrong the clocks are. */
  snapshotAgeOnArrivalMsMax: 500,
  /** With the room away, the last snapshot still answers (D10). */
  staleMsMax: 24 * 3_600_000,
  /** After a failed fetch the room is left in peace for this long. */
  failurePauseMs: 500,
  /** A fetch that was begun this long ago has died with its request. */
  fetchMsMax: 2_500,
  /** Age at which one request fetches the list of bans, while the others go on with the old one. */
  bansRefreshMs: 500,
  /** No answer rests on an older list of bans while a gateway answers: they act within 2 s. */
  bansAgeMsMax: 1_200,
  /** Polls of one ticket in a second; more are refused (CONTRACT.md section 3). */
  pollsPerSecondMax: 100,
  /** Networks and sales whose refusals wait to be counted: what attacks from more is not slowed. */
  notesMax: 1_000,
  /** Key sets of shops' logins. */
  keySetsMax: 50,
  /** Age at which one request fetches a key set anew: a key that was taken out of it counts on so long. */
  keySetFreshMs: 600_000,
  /** A token by a key that is not in the set causes no more than a fetch in this time. */
  keySetAgainMs: 30_000,
  /** While it cannot be fetched the last key set serves so long: a login that is away stops no sale. */
  keySetStaleMs: 24 * 3_600_000,
  /** After a failed fetch. */
  keySetPauseMs: 2_000,
  /** Longer than a fetch may take: after it, it has died with its request. */
  keySetFetchMsMax: 3_500,
  keySetLookMs: 50,
  unknownSaleMs: 1_000,
  /** A Redis that was emptied has its sales back within seconds; till then they are not unknown. */
  emptiedGraceMs: { sale: 5_000, ticket: 60_000 },
  /** How often one visitor is noted: a place that ended is known 5 s later at the latest. */
  noteEveryMs: 2_000,
  /** How long heartbeats gather before they go out as one batch. */
  flushAfterMs: 1_000,
  /** A buffer whose request died is taken over by the next one. */
  flushLostMs: 3_000,
  /** Heartbeats of one flush; more than that wait for their next poll. */
  bufferMax: 10_000,
  /** Questions in one call of the gateway. */
  callMax: 1_000,
} as const;
