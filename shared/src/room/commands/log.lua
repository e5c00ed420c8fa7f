-- Forgets records of the log that are in Postgres, and gives the next ones.
-- ARGV: [1] up to which seq  [2] how many at most
-- Returns records `seq at kind lane number more`, lowest seq first (docs/draw.md).
local known_, limit, step = int(ARGV[1]), int(ARGV[2]), 1000
local function countKnown(bodies)
  for i, body in ipairs(bodies) do
    if int(body:match('^%d+')) > known_ then
      return i - 1
    end
  end
  return #bodies
end

repeat
  local forgotten = countKnown(redis.call('LRANGE', log, 0, step - 1))
  if forgotten > 0 then
    redis.call('LTRIM', log, forgotten, -1)
  end
until forgotten < step
return redis.call('LRANGE', log, 0, limit - 1)
