-- First pass of claim.sql: takes whatever nobody else has locked. The home shard first (D6), then,
-- for what is missing, the other shards. `picked` numbers the units of a product from 1.
-- The constant limits (no batch asks for more) keep the planner from expecting a tenth of all units.
home as materialized (
  select n.product_id, u.id
  from (
    select product_id, shard, sum(quantity)::int as n from item group by product_id, shard
  ) n
  cross join lateral (
    select f.id from units f
    where f.product_id = n.product_id and f.shard = n.shard and f.state = 'free'
    order by f.id limit n.n for update skip locked
  ) u
  limit 1000
),
missing as materialized (
  select w.product_id, w.n - coalesce(h.n, 0) as n, w.shard
  from (
    select product_id, sum(quantity)::int as n, min(shard) as shard from item group by product_id
  ) w
  left join (
    select product_id, count(*)::int as n from home group by product_id
  ) h using (product_id)
  where w.n > coalesce(h.n, 0)
),
-- Rows that this transaction has locked are not skipped: those of `home` are left out by name.
spare as materialized (
  select m.product_id, u.id
  from missing m
  cross join lateral (
    select k.id
    from generate_series(0, 15) as step
    cross join lateral (
      select f.id from units f
      where f.product_id = m.product_id and f.shard = (m.shard + step) % 16 and f.state = 'free'
        and not exists (select from home h where h.id = f.id)
      order by f.id limit m.n for update of f skip locked
    ) k
    limit m.n
  ) u
  limit 1000
),
picked as materialized (
  select product_id, id,
    (row_number() over (partition by product_id order by pass, id))::int as place
  from (
    select product_id, id, 1 as pass from home
    union all
    select product_id, id, 2 from spare
  ) both_passes
),
