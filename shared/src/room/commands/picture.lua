-- Stores the late picture of the stock, if it is newer than the one that is there.
-- ARGV: [1] version (rises with each picture)  [2...] product, free, held, sold, and so on
-- Returns 'stored' or 'older'.
if redis.call('EXISTS', room) == 0 or int(redis.call('HGET', stock, 'version')) >= int(ARGV[1]) then
  return 'older'
end
local free, held, total = 0, 0, 0
redis.call('DEL', stock)
for i = 2, #ARGV, 4 do
  redis.call('HSET', stock, ARGV[i], ARGV[i + 1] .. ':' .. ARGV[i + 2] .. ':' .. ARGV[i + 3])
  free, held = free + int(ARGV[i + 1]), held + int(ARGV[i + 2])
  total = total + int(ARGV[i + 1]) + int(ARGV[i + 2]) + int(ARGV[i + 3])
end
redis.call('HSET', stock, 'version', ARGV[1], 'free', free, 'held', held, 'total', total)
return 'stored'
