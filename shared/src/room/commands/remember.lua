-- Tells a room that was made anew whose tokens are used up: who bought has done with this sale, and
-- who let one lapse comes in again behind all others. Repeatable.
-- ARGV: fives visitor, number, jti, state, ordinal of redemptions, lowest number first; state is
--   'done' or 'expired', number the place's, and ordinal counts the visitor's lapsed
--   tokens from 1
-- Returns 'remembered', or 'no-room'.
local fields = readRoom()
if not fields then
  return 'no-room'
end

-- Takes out of the line who has come back already, and says so.
local function takeOut(visitor, p, kind)
  local score, lane = standingOf(fields, visitor)
  if score then
    removeFromLine(visitor)
    record(kind, lane, p and p.number or numberOf(fields, score))
  end
end

local function rememberDone(visitor, number, jti)
  local p = readPlace(visitor)
  if p and p.state == 'admitted' then
    redis.call('HINCRBY', room, 'returned', p.promise)
  end
  if not p or p.state ~= 'done' then
    takeOut(visitor, p, 'spent')
    redis.call('ZREM', active, visitor)
    writePlace(visitor, { state = 'done', number = number, admittedAt = now, jti = jti })
  end
end

-- Unless they stand in a place that they joined later, or have come further since.
local function rememberExpired(visitor, number, jti, ordinal)
  redis.call('HSETNX', given, jti, '0:1:0') -- take.lua gives no dead token out again
  local p, score = readPlace(visitor), standingOf(fields, visitor)
  local present = p and p.number or score and numberOf(fields, score) or 0
  local mayChange = not p or p.state == 'waiting' or p.state == 'away' or p.state == 'expired'
  if mayChange and present <= number then
    takeOut(visitor, p, 'expired')
    writePlace(visitor, { state = 'expired', number = number, ordinal = ordinal, admittedAt = now })
  end
end

for i = 1, #ARGV, 5 do
  local visitor, number, jti, state, ordinal = unpack(ARGV, i, i + 4)
  if state == 'done' then
    rememberDone(visitor, int(number), jti)
  else
    rememberExpired(visitor, int(number), jti, int(ordinal))
  end
end
return 'remembered'
