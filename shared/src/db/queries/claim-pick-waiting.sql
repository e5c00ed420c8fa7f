-- Second pass of claim.sql, for one request: waits for rows that others have locked, in one fixed
-- order (product, shard, unit), so that two such claims cannot deadlock. `lock_timeout` bounds it.
picked as materialized (
  select w.product_id, u.id,
    (row_number() over (partition by w.product_id order by u.id))::int as place
  from (
    select product_id, sum(quantity)::int as n from item group by product_id order by product_id
  ) w
  cross join lateral (
    select f.id from units f
    where f.product_id = w.product_id and f.state = 'free'
    order by f.shard, f.id limit w.n for update
  ) u
  limit 1000
),
