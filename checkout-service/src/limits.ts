/** The checkout's limits, together, each with its reason. */
export const limits = {
  /** Redemptions in a batch: larger ones gain nothing more, and lengthen the wait of each. */
  batchSizeMax: 100,
  /** Units in a batch; the constant limits of claim-pick-free.sql stand on it. */
  batchUnitsMax: 1_000,
  /** Batches under way at once, each on a connection of its own. */
  batchLanes: 2,
  /** How long a batch waits for company when nothing is under way. */
  batchLingerMs: 2,
  /** Redemptions that wait: about a second's work. More are refused early. */
  queueMax: 2_000,
  /** A redemption that has not begun by then is refused unspent, before its client gives up. */
  queueWaitMsMax: 5_000,
  /** Redemptions under way in all, those before and behind the queue among them. */
  redemptionsUnderWayMax: 4_000,
  /** Of one claim statement; the answer's deadline lies 1.5 s behind it. */
  claimStatementMs: 4_000,
  /** A row that another transaction keeps holds a batch up so long; its claims then go on singly. */
  claimLockMs: 500,
  /** How long the second pass waits for rows in one try: others of its line, and other lines, wait. */
  secondPassLockMs: 250,
  secondPassMsMax: 4_000,
  secondPassWaitingMax: 500,
  /** More copies of one token are not let in: a page and its proxies make a few. */
  sameTokenMax: 64,
  sameTokenMsMax: 5_000,
  /** A shopper changes an order by one click at a time; each change has its turn. */
  sameOrderMax: 8,
  sameOrderMsMax: 5_000,
  /** The longest way of a redemption: queue, statement with its deadline, second pass. */
  redemptionMsMax: 15_000,
  /** Work that waits for one of a pool's connections: a fraction of a second's. */
  poolWaitingMax: 1_000,
  /** Of every other statement. */
  statementMs: 5_000,
  /** Stored answers are given again this long (CONTRACT.md section 4). */
  idempotencyMs: 24 * 3_600 * 1_000,
  /** Items of one redemption. */
  itemsMax: 20,
  /** More than any token allows: what is too much for the token is told as that. */
  quantityAskedMax: 1_000_000,
  /** Event streams of one instance. */
  watchersMax: 5_000,
  watchEveryMs: 300,
  heartbeatMs: 15_000,
  /** Late money and refunds come within minutes, if they come; streams are few. */
  settledStreamMs: 600_000,
  /** How long past `payBefore` a payment under way keeps its hold. */
  paymentGraceSeconds: 60,
  /** A payment without news for so long is asked about. */
  paymentSilenceSeconds: 8,
  /** An old one at the latest then: well within the grace, so that no outage is seen too late. */
  paymentSilenceSecondsMax: 30,
  /** While the provider is away an unpaid order has this long left at least, */
  outageRemainSeconds: 60,
  /** and is kept so much longer in all at most: others wait for its units. */
  outageSecondsMax: 600,
  /** Late money waits this long for a room that gives no answer, and then goes back. */
  lateWaitSeconds: 60,
  /** The sweep leaves a payment job to its queue for so long, from its last attempt on. */
  jobGraceSeconds: 10,
  jobRelayEveryMs: 200,
  jobRelayMax: 100,
  jobSweepMax: 20,
  webhookToleranceSeconds: 300,
  /** Providers repeat an event for some days at most (Stripe for three). */
  eventKeepDays: 30,
  eventForgetMax: 1_000,
  eventForgetEveryMs: 600_000,
  /** Calls to providers in one request: the balancer waits 12 s for the answer. */
  paymentRequestMsMax: 10_000,
  /** Of it: what is left is as long as a payment's own call may take (provider-policy.ts). */
  paymentWithdrawMsMax: 3_500,
  /** Admission stops within 3 s of the last commit that any checkout could make (D10). */
  leaseMs: 2_500,
  /** Three in a lease: one that is late or lost shuts no doors. */
  leaseEveryMs: 700,
  /** A beat that takes longer renews nothing that is worth having. */
  beatStatementMs: 1_000,
  /** Twice a difference has to be seen: a report takes a fraction of this. */
  reconcileEveryMs: 5_000,
  /** Orders and tokens of a sale that are compared in a round; the next round goes on after them. */
  reconcilePage: 2_000,
  /** A room that hears reports while we look is looked at again; after so many times, next round. */
  reconcileLooksMax: 3,
  /** So often a picture has to be seen wrong: under load counting takes long, and it is late. */
  reconcileStockLooks: 3,
  /** More reports of a sale in the outbox than this: its room is behind, and is not judged. */
  reconcilePendingMax: 1_000,
  /** After a 503 of ours the shopper tries again within some 5 s, or has given up for now. */
  faultQuietMs: 6_000,
  /** The room gives nothing to a token that is dead: two rounds and a call. */
  faultLastMomentMs: 2_500,
  /** In that moment a redemption that takes longer may outlast its token. */
  faultSlowMs: 300,
  /** Beside what the fault took: to read of it, take the token again, and choose. */
  faultExtraMs: 30_000,
  /** More tokens than these met a fault at once: an outage, which the room itself sees. */
  faultsMax: 10_000,
  faultCallsMax: 200,
  faultEveryMs: 400,
  sweepEveryMs: 500,
  /** 5,000 holds that run out at once are free within 2 s; a round locks its orders for some 0.1 s. */
  sweepMax: 500,
  /** An order whose end Postgres refuses is left out for so long: it would be the first each time. */
  sweepAsideMs: 60_000,
  relayEveryMs: 150,
  relayMax: 500,
  /**
   * No delivery to a room begins later in a round of the relay, and one takes 1.5 s at most: a
   * transaction of Postgres is open meanwhile, and its pool has a deadline.
   */
  relayBeginMsMax: 1_500,
  /** A relay that fell silent in its transaction holds the lock no longer: a delivery is over sooner. */
  relaySilenceMs: 4_000,
  /** A sale whose reports could not be delivered is left out for so long, so that others go on; */
  relayRestMs: 2_000,
  /** twice as long each time that its room refuses all of them, up to this. */
  relayRestMsMax: 30_000,
  /** Calls that find a bad report or a few among 500; a room that refuses all is left alone soon. */
  relayCallsMax: 64,
  /** Reports to a room that is not there are kept this long; the room is made anew from Postgres. */
  reportKeepSeconds: 900,
  /** Read for the gauges alone. */
  outboxEveryMs: 5_000,
  /** Of lotteries that are not drawn so long after their start: the queue service does it at once. */
  drawAfterSeconds: 3,
  drawEveryMs: 1_000,
  settleEveryMs: 500,
  /** A token lapses this long after `exp`: clocks of edge and checkout differ a little. */
  lapseAfterMs: 5_000,
  lapseMax: 200,
  pictureEveryMs: 200,
  /** A sale counts as active for so long after a change, and is pictured each second. */
  pictureActiveMs: 10_000,
  pictureRefreshMs: 1_000,
  /** Counting takes a tenth of the time at most: a large stock is pictured less often. */
  pictureShare: 10,
  refundEveryMs: 1_000,
  /** What a sale offers is asked for so often; */
  catalogueMs: 1_000,
  /** an answer that does not come is done without, where there is one that is not too old. */
  cataloguePatienceMs: 200,
  catalogueStaleMs: 30_000,
} as const;
