-- Names visitors who were let in and whose token is unspent and alive, by their deadlines.
-- ARGV: [1] only deadlines above this one, in ms  [2] how many are enough
-- Returns visitor, deadline, visitor, deadline, ..., the earliest deadline first.
return redis.call('ZRANGEBYSCORE', active, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0,
  ARGV[2])
