-- The usual questions about a sale, each with its view (docs/analytics.md). `where sale_id = …`
-- reaches the index of each day; seconds and shares are numbers, money is in minor units.

-- One row for each place: when it came to what, and how it ended.
CREATE VIEW "analytics_places" AS
SELECT *,
  CASE
    WHEN paid_seq > coalesce(unpaid_seq, 0) THEN 'paid'
    WHEN refunded_at IS NOT NULL THEN 'refunded'
    WHEN unpaid_seq IS NOT NULL THEN 'order-ended'
    WHEN placed_at IS NOT NULL OR spent_at IS NOT NULL THEN 'ordered'
    WHEN revoked_at IS NOT NULL THEN 'revoked'
    WHEN lapsed_at IS NOT NULL THEN 'lapsed'
    WHEN left_at IS NOT NULL THEN 'left'
    WHEN issued_at IS NOT NULL THEN 'issued'
    WHEN admitted_at IS NOT NULL AND expired_at IS NOT NULL THEN 'not-taken'
    WHEN admitted_at IS NOT NULL THEN 'admitted'
    WHEN expired_at IS NOT NULL OR away_seq > coalesce(back_seq, 0) THEN 'away'
    ELSE 'waiting'
  END AS outcome,
  extract(epoch FROM admitted_at - joined_at)::float8 AS waited_seconds
FROM (
  SELECT sale_id, number,
    min(lane) AS lane,
    min(at) FILTER (WHERE kind = 'joined') AS joined_at,
    min(at) FILTER (WHERE kind = 'admitted') AS admitted_at,
    min(at) FILTER (WHERE kind = 'issued') AS issued_at,
    min(at) FILTER (WHERE kind = 'spent') AS spent_at,
    max(at) FILTER (WHERE kind = 'lapsed') AS lapsed_at,
    max(at) FILTER (WHERE kind = 'expired') AS expired_at,
    max(at) FILTER (WHERE kind = 'revoked') AS revoked_at,
    max(at) FILTER (WHERE kind = 'left') AS left_at,
    max(at) FILTER (WHERE kind = 'away') AS away_at,
    max(seq) FILTER (WHERE kind = 'away') AS away_seq,
    max(seq) FILTER (WHERE kind = 'back') AS back_seq,
    min(at) FILTER (WHERE kind = 'order.placed') AS placed_at,
    max(at) FILTER (WHERE kind = 'order.paid') AS paid_at,
    max(at) FILTER (WHERE kind = 'order.refunded') AS refunded_at,
    max(seq) FILTER (WHERE kind = 'order.paid') AS paid_seq,
    max(seq) FILTER (WHERE kind IN ('order.expired', 'order.cancelled', 'order.refunded'))
      AS unpaid_seq,
    coalesce(sum(units) FILTER (WHERE kind = 'order.placed'), 0)::bigint AS units,
    coalesce(sum(amount_minor) FILTER (WHERE kind = 'order.placed'), 0)::bigint AS amount_minor
  FROM events
  WHERE number IS NOT NULL
  GROUP BY sale_id, number
) place;
--> statement-breakpoint
-- How many came, and how many were let in, by minute and lane.
CREATE VIEW "analytics_arrivals" AS
SELECT sale_id, date_trunc('minute', at) AS minute, lane,
  count(*) FILTER (WHERE kind = 'joined') AS joined,
  count(*) FILTER (WHERE kind = 'admitted') AS admitted
FROM events
WHERE kind IN ('joined', 'admitted')
GROUP BY sale_id, date_trunc('minute', at), lane;
--> statement-breakpoint
-- How long those who were let in had waited, by lane.
CREATE VIEW "analytics_waits" AS
SELECT sale_id, lane, count(*) AS admitted,
  round(avg(waited_seconds)::numeric, 1) AS avg_seconds,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY waited_seconds))::numeric, 1) AS p50_seconds,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY waited_seconds))::numeric, 1) AS p95_seconds,
  round(max(waited_seconds)::numeric, 1) AS max_seconds
FROM analytics_places
WHERE waited_seconds IS NOT NULL
GROUP BY sale_id, lane;
--> statement-breakpoint
-- How far they came, and where the others fell out.
CREATE VIEW "analytics_funnel" AS
SELECT sale_id,
  count(joined_at) AS joined, count(admitted_at) AS admitted, count(issued_at) AS issued,
  count(coalesce(placed_at, spent_at)) AS redeemed, count(*) FILTER (WHERE outcome = 'paid') AS paid,
  count(*) FILTER (WHERE outcome = 'waiting') AS still_waiting,
  count(*) FILTER (WHERE outcome = 'left' AND admitted_at IS NULL) AS left_waiting,
  count(*) FILTER (WHERE outcome = 'away') AS away_waiting,
  count(*) FILTER (WHERE outcome = 'revoked') AS revoked,
  count(*) FILTER (WHERE outcome = 'left' AND admitted_at IS NOT NULL) AS left_admitted,
  count(*) FILTER (WHERE outcome = 'not-taken') AS not_taken,
  count(*) FILTER (WHERE outcome = 'lapsed') AS lapsed,
  count(*) FILTER (WHERE outcome IN ('admitted', 'issued')) AS still_admitted,
  count(*) FILTER (WHERE outcome = 'ordered') AS still_unpaid,
  count(*) FILTER (WHERE outcome = 'order-ended') AS unpaid,
  count(*) FILTER (WHERE outcome = 'refunded') AS refunded
FROM analytics_places
GROUP BY sale_id;
--> statement-breakpoint
-- How fast it sold: units by minute, and all that were sold until then.
CREATE VIEW "analytics_sell_through" AS
SELECT *,
  sum(units_paid - units_refunded) OVER (PARTITION BY sale_id ORDER BY minute)::bigint AS sold
FROM (
  SELECT sale_id, date_trunc('minute', at) AS minute,
    coalesce(sum(units) FILTER (WHERE kind = 'order.placed'), 0)::bigint AS units_placed,
    coalesce(sum(units) FILTER (WHERE kind = 'order.paid'), 0)::bigint AS units_paid,
    coalesce(sum(units) FILTER (WHERE kind = 'order.refunded'), 0)::bigint AS units_refunded
  FROM events
  WHERE kind IN ('order.placed', 'order.paid', 'order.refunded')
  GROUP BY sale_id, date_trunc('minute', at)
) sold;
--> statement-breakpoint
-- What sold: units and money by product.
CREATE VIEW "analytics_products" AS
SELECT sold.*, p.name
FROM (
  SELECT sale_id, product_id, currency,
    coalesce(sum(units) FILTER (WHERE kind = 'order.placed'), 0)::bigint AS units_placed,
    coalesce(sum(units) FILTER (WHERE kind = 'order.paid'), 0)::bigint AS units_paid,
    coalesce(sum(units) FILTER (WHERE kind = 'order.refunded'), 0)::bigint AS units_refunded,
    (coalesce(sum(units) FILTER (WHERE kind = 'order.paid'), 0)
      - coalesce(sum(units) FILTER (WHERE kind = 'order.refunded'), 0))::bigint AS units_sold,
    (coalesce(sum(amount_minor) FILTER (WHERE kind = 'order.paid'), 0)
      - coalesce(sum(amount_minor) FILTER (WHERE kind = 'order.refunded'), 0))::bigint
      AS revenue_minor
  FROM events
  WHERE kind IN ('order.placed', 'order.paid', 'order.refunded')
  GROUP BY sale_id, product_id, currency
) sold
LEFT JOIN products p ON p.id = sold.product_id;
--> statement-breakpoint
-- Money by hour.
CREATE VIEW "analytics_revenue_by_hour" AS
SELECT sale_id, date_trunc('hour', at) AS hour, currency,
  count(DISTINCT order_id) FILTER (WHERE kind = 'order.paid') AS orders_paid,
  coalesce(sum(units) FILTER (WHERE kind = 'order.paid'), 0)::bigint AS units_paid,
  coalesce(sum(amount_minor) FILTER (WHERE kind = 'order.paid'), 0)::bigint AS paid_minor,
  coalesce(sum(amount_minor) FILTER (WHERE kind = 'order.refunded'), 0)::bigint AS refunded_minor
FROM events
WHERE kind IN ('order.paid', 'order.refunded')
GROUP BY sale_id, date_trunc('hour', at), currency;
--> statement-breakpoint
-- Who was let in and did not buy, by lane.
CREATE VIEW "analytics_no_shows" AS
SELECT sale_id, lane, count(*) AS admitted,
  count(*) FILTER (WHERE outcome = 'not-taken') AS not_taken,
  count(*) FILTER (WHERE outcome = 'lapsed') AS lapsed,
  count(*) FILTER (WHERE outcome = 'left') AS left_admitted,
  round(count(*) FILTER (WHERE outcome IN ('not-taken', 'lapsed', 'left'))
    / count(*)::numeric, 4) AS no_show_share
FROM analytics_places
WHERE admitted_at IS NOT NULL
GROUP BY sale_id, lane;
--> statement-breakpoint
-- Refusals at the door, by hour and reason.
CREATE VIEW "analytics_refusals" AS
SELECT sale_id, date_trunc('hour', at) AS hour, reason, sum(count)::bigint AS refusals
FROM events
WHERE kind = 'refused'
GROUP BY sale_id, date_trunc('hour', at), reason;
--> statement-breakpoint
-- The lanes beside one another.
CREATE VIEW "analytics_lanes" AS
SELECT sale_id, lane, count(joined_at) AS joined, count(admitted_at) AS admitted,
  count(*) FILTER (WHERE outcome = 'paid') AS paid,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY waited_seconds))::numeric, 1) AS p50_seconds,
  round(count(*) FILTER (WHERE outcome = 'paid') / nullif(count(joined_at), 0)::numeric, 4)
    AS conversion
FROM analytics_places
WHERE lane IS NOT NULL
GROUP BY sale_id, lane;
--> statement-breakpoint
-- Does it pay to come early? Ten groups of those who joined, by when they did.
CREATE VIEW "analytics_arrival_deciles" AS
SELECT sale_id, decile, min(joined_at) AS joined_from, max(joined_at) AS joined_to,
  count(*) AS joined, count(admitted_at) AS admitted,
  count(*) FILTER (WHERE outcome = 'paid') AS paid,
  round(count(*) FILTER (WHERE outcome = 'paid') / count(*)::numeric, 4) AS conversion
FROM (
  SELECT *, ntile(10) OVER (PARTITION BY sale_id ORDER BY joined_at, number) AS decile
  FROM analytics_places
  WHERE joined_at IS NOT NULL
) place
GROUP BY sale_id, decile;
--> statement-breakpoint
-- How long people wait before they give up: how each wait ended, by how long it had lasted then.
CREATE VIEW "analytics_abandonment_by_wait" AS
SELECT sale_id, b.from_seconds, b.to_seconds, count(*) AS waits,
  count(admitted_at) AS admitted, count(*) FILTER (WHERE admitted_at IS NULL) AS gave_up,
  round(count(*) FILTER (WHERE admitted_at IS NULL) / count(*)::numeric, 4) AS gave_up_share
FROM (
  SELECT sale_id, admitted_at, extract(epoch FROM
    coalesce(admitted_at, CASE outcome WHEN 'left' THEN left_at ELSE coalesce(away_at, expired_at) END)
      - joined_at) AS seconds
  FROM analytics_places
  WHERE joined_at IS NOT NULL AND (admitted_at IS NOT NULL OR outcome IN ('left', 'away'))
) place
JOIN (VALUES (0, 10), (10, 30), (30, 60), (60, 120), (120, 300), (300, 600), (600, 1800),
    (1800, 3600), (3600, 2147483647)) AS b(from_seconds, to_seconds)
  ON seconds >= b.from_seconds AND seconds < b.to_seconds
GROUP BY sale_id, b.from_seconds, b.to_seconds;
