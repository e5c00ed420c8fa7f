-- Gives each visitor a place at the end of the line, or the place that they have.
-- ARGV: visitors.
-- Returns for each visitor { outcome, number, ordinal, state, score }:
--   'joined' | 'kept', or 'unknown' | 'sale-not-open' | 'sold-out' with zeros.
local fields = readRoom()
if not fields then
  local replies = {}
  for i = 1, #ARGV do
    replies[i] = { 'unknown', 0, 0, '', '0' }
  end
  return replies
end
local state = saleState(fields)
local refusal = nil
if state == 'scheduled' or state == 'closed' then
  refusal = 'sale-not-open'
elseif state == 'sold_out' then
  refusal = 'sold-out'
end

local function enter(visitor, ordinal)
  if refusal then
    return { refusal, 0, 0, '', '0' }
  end
  local number = redis.call('HINCRBY', room, 'next', 1)
  redis.call('HINCRBY', room, 'joined', 1)
  redis.call('ZADD', line, number, visitor)
  if ordinal > 1 then
    writePlace(visitor, { state = 'waiting', number = number, ordinal = ordinal })
  else
    redis.call('HDEL', places, visitor) -- of a place that was left: it had another number
  end
  markSeen(fields, number)
  return { 'joined', number, ordinal, 'waiting', text(number) }
end

local function join(visitor)
  local score = redis.call('ZSCORE', line, visitor)
  local p = readPlace(visitor)
  if score then
    local number = p and p.number or tonumber(score)
    markSeen(fields, number)
    return { 'kept', number, p and p.ordinal or 1, 'waiting', score }
  elseif not p then
    return enter(visitor, 1)
  elseif p.state == 'left' or p.state == 'expired' then
    -- A place that ended before it was admitted used up no admission.
    return enter(visitor, p.admittedAt > 0 and p.ordinal + 1 or p.ordinal)
  elseif p.state == 'away' then
    markSeen(fields, p.number)
    score = putBack(fields, visitor, p.number, p.ordinal)
    return { 'kept', p.number, p.ordinal, 'waiting', text(score) }
  end
  return { 'kept', p.number, p.ordinal, p.state, '0' }
end

redis.call('HSET', room, 'lookedAt', now)
local replies = {}
for i, visitor in ipairs(ARGV) do
  replies[i] = join(visitor)
end
return replies
