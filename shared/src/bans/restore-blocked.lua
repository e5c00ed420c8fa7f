-- Adds what a checkpoint knew to the refused attempts of a sale, once: to counts that were begun
-- anew after Redis lost them, or that nobody has marked as whole yet.
-- KEYS[1]  the counts (`blockedKey`)
-- ARGV[1]  the field that marks them as whole    ARGV[2]  seconds that a new hash lives
-- ARGV[3…] reason, count, reason, count, ...
-- Returns the hash as it is then: field, value, ...
if redis.call('HSETNX', KEYS[1], ARGV[1], 1) == 1 then
  for i = 3, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  end
  if redis.call('TTL', KEYS[1]) < 0 then
    redis.call('EXPIRE', KEYS[1], ARGV[2])
  end
end
return redis.call('HGETALL', KEYS[1])
