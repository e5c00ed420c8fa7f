-- The group commit (ARCHITECTURE.md D5): one statement, one transaction, one batch of redemptions.
--   requests not yet spent -> those not revoked -> those within their buyers' limits -> their items -> units picked
--   -> units dealt, all or nothing -> redemption by `jti` -> units counted for each buyer
--   -> order, lines, units, ledger, outbox
-- $1   JSON of [{orderId, jti, saleId, visitor, number, place, max, idempotencyKey, requestHash, email,
--      language, identity, proof, paidElsewhere, shard, position, units, items: [{productId, quantity}],
--      buyers: [{kind, buyer, unitsMax}]}, ...]; `position` counts from 1 in the order of arrival,
--      `shard` is the home shard, `units` the sum of the quantities
-- Returns a row for each request whose token was not spent when the statement began:
--   outcome  'created' with the order, 'short' (too few units were to be had: nothing written),
--            'taken' (another transaction spent the token meanwhile: nothing written),
--            'limited' (a buyer, see `limited_by`, would have too many: nothing written),
--            'revoked' (nothing written)
-- The line with `:picked` is replaced by one of claim-pick-*.sql. Units are locked there, then
-- redemptions are inserted in the order of `jti`, then buyers counted in the order of their key, so
-- that two batches cannot deadlock. A race past a buyer's limit breaks the check `buyer_units_bound`:
-- the statement fails whole, and sees the other's units when it is tried again.
with req as materialized (
  select r.*, s.currency, s.pay_seconds
  from json_to_recordset($1::text::json) as r(
    "orderId" text, jti text, "saleId" text, visitor text, number bigint, place bigint,
    max int, "idempotencyKey" text, "requestHash" text, email text, language text, identity text, "paidElsewhere" boolean,
    proof text, shard int, position int, units int, items json, buyers json)
  cross join lateral (
    select currency, coalesce((room ->> 'paySeconds')::int, 300) as pay_seconds
    from sales where id = r."saleId" limit 1
  ) s
  -- Not "not exists": the planner would expect one row of it, and loop over all the rest.
  where coalesce((select false from redemptions d where d.jti = r.jti), true)
),
revoked as materialized (
  select r."orderId" as order_id
  from req r
  where coalesce((
    select true from revocations v
    where v.sale_id = r."saleId" and v.visitor = r.visitor and r.place <= v.number_to
    limit 1), false)
  or coalesce((
    select true from revocations v
    where v.sale_id = r."saleId" and v.visitor is null
      and r.place between v.number_from and v.number_to
    limit 1), false)
),
buyer as materialized (
  select r."orderId" as order_id, r."saleId" as sale_id, b.kind, b.buyer, r.units,
    b."unitsMax" as units_max
  from req r
  cross join lateral json_to_recordset(r.buyers) as b(kind text, buyer text, "unitsMax" int)
),
over as materialized (
  select order_id, min(kind) as kind
  from buyer b
  where b.units_max < b.units + coalesce((
    select h.units from buyer_units h
    where h.sale_id = b.sale_id and h.kind = b.kind and h.buyer = b.buyer), 0)
  group by order_id
),
item as materialized (
  select r."orderId" as order_id, r.shard, i."productId" as product_id, i.quantity, p.price_minor,
    (sum(i.quantity) over (partition by i."productId" order by r.position))::int as upto
  from req r
  cross join lateral json_to_recordset(r.items) as i("productId" text, quantity int)
  join products p on p.id = i."productId" and p.currency = r.currency
  where coalesce((select false from over o where o.order_id = r."orderId"), true)
    and coalesce((select false from revoked v where v.order_id = r."orderId"), true)
),
-- :picked
dealt as materialized (
  select i.order_id, i.product_id, i.quantity, i.price_minor, p.id as unit_id
  from item i
  cross join lateral generate_series(i.upto - i.quantity + 1, i.upto) as slot
  join picked p on p.product_id = i.product_id and p.place = slot
),
granted as materialized (
  select i.order_id, count(*) as lines, sum(i.quantity)::int as taken,
    sum(i.quantity * i.price_minor)::bigint as total_minor
  from item i
  left join (select product_id, count(*) as n from picked group by product_id) p using (product_id)
  group by i.order_id
  having bool_and(i.upto <= coalesce(p.n, 0))
),
placed as (
  insert into redemptions
    (jti, sale_id, visitor, number, place, max, kind, order_id, idempotency_key, request_hash, proofs)
  select r.jti, r."saleId", r.visitor, r.number, nullif(r.place, r.number), r.max, 'order', r."orderId",
    r."idempotencyKey", r."requestHash", array_remove(array[r.proof], null)
  from req r
  join granted g on g.order_id = r."orderId" and g.lines = json_array_length(r.items)
  order by r.jti
  on conflict (jti) do nothing
  returning order_id
),
counted as (
  insert into buyer_units as b (sale_id, kind, buyer, units, units_max)
  select n.sale_id, n.kind, n.buyer, sum(n.units)::int, max(n.units_max)
  from placed join buyer n using (order_id)
  group by n.sale_id, n.kind, n.buyer
  order by n.sale_id, n.kind, n.buyer
  on conflict (sale_id, kind, buyer)
    do update set units = b.units + excluded.units, units_max = excluded.units_max
),
made as (
  insert into orders (id, sale_id, jti, visitor, number, total_minor, currency, email, language,
    identity, paid_elsewhere, first_pay_before, pay_before)
  select r."orderId", r."saleId", r.jti, r.visitor, r.number, g.total_minor, r.currency, r.email,
    r.language, r.identity, coalesce(r."paidElsewhere", false),
    now() + make_interval(secs => r.pay_seconds), now() + make_interval(secs => r.pay_seconds)
  from placed p
  join req r on r."orderId" = p.order_id
  join granted g using (order_id)
  returning id, sale_id, jti, visitor, number, total_minor, currency, email, pay_before, created_at
),
lines_made as (
  insert into order_lines (order_id, product_id, quantity, unit_price_minor)
  select order_id, product_id, quantity, price_minor from item join placed using (order_id)
),
units_made as (
  insert into order_units (order_id, unit_id, product_id)
  select order_id, unit_id, product_id from dealt join placed using (order_id)
),
held as (
  update units u set state = 'held', order_id = d.order_id
  from dealt d join placed using (order_id)
  where u.id = d.unit_id
),
sheet as materialized (
  select d.order_id, array_agg(d.unit_id order by d.unit_id) as unit_ids
  from dealt d join placed using (order_id)
  group by d.order_id
),
line as materialized (
  select order_id, jsonb_agg(
    jsonb_build_object('productId', product_id, 'quantity', quantity,
      'unitPriceMinor', price_minor, 'units', unit_ids)
    order by product_id) as items,
    jsonb_agg(
      jsonb_build_object('productId', product_id, 'quantity', quantity, 'unitPriceMinor', price_minor)
      order by product_id) as priced
  from (
    select order_id, product_id, quantity, price_minor,
      array_agg(unit_id order by unit_id) as unit_ids
    from dealt join placed using (order_id)
    group by order_id, product_id, quantity, price_minor
  ) d
  group by order_id
),
noted as (
  insert into ledger (actor, action, sale_id, order_id, unit_ids, detail)
  select 'visitor:' || m.visitor, 'order.placed', m.sale_id, m.id, d.unit_ids,
    jsonb_build_object('number', m.number, 'totalMinor', m.total_minor, 'payBefore', m.pay_before,
      'items', l.priced)
  from made m
  join sheet d on d.order_id = m.id
  join line l on l.order_id = m.id
),
reported as (
  insert into outbox (topic, sale_id, payload)
  select 'room', m.sale_id, jsonb_build_object(
    'kind', 'spent', 'jti', m.jti, 'visitor', m.visitor, 'number', r.place, 'max', r.max,
    'taken', g.taken, 'returned', 0,
    'payBefore', floor(extract(epoch from m.pay_before) * 1000)::bigint)
  from made m
  join req r on r."orderId" = m.id
  join granted g on g.order_id = m.id
  union all
  select 'job', m.sale_id,
    jsonb_build_object('kind', 'notice', 'notice', 'order-placed', 'orderId', m.id)
  from made m
  where m.email is not null
)
select r."orderId" as order_id,
  case when m.id is not null then 'created' when v.order_id is not null then 'revoked'
    when o.order_id is not null then 'limited' when g.order_id is null then 'short' else 'taken' end as outcome,
  o.kind as limited_by,
  m.sale_id, m.visitor, m.total_minor, m.currency, m.pay_before, m.created_at, l.items
from req r
left join granted g on g.order_id = r."orderId" and g.lines = json_array_length(r.items)
left join made m on m.id = r."orderId"
left join over o on o.order_id = r."orderId"
left join revoked v on v.order_id = r."orderId"
left join line l on l.order_id = r."orderId"
