-- Gives each visitor a place at the end of the line, or the place that they have.
-- ARGV: fours visitor, number, ordinal, thumbprint of their key ('' is none); number is 0 but for
--   who shows a ticket of this sale.
-- Returns for each visitor { outcome, number, ordinal, state, score }:
--   'joined' | 'kept', or 'unknown' | 'sale-not-open' | 'sold-out' with zeros; 'key-needed' |
--   'other-key' where they are bound to a key and this is not it.
local fields = readRoom()
if not fields then
  local replies = {}
  for i = 1, #ARGV / 4 do
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

local function enter(visitor, ordinal, jti)
  if refusal then
    return { refusal, 0, 0, '', '0' }
  end
  local number = redis.call('HINCRBY', room, 'next', 1)
  redis.call('HINCRBY', room, 'joined', 1)
  redis.call('ZADD', line, number, visitor)
  if ordinal > 1 or jti then
    writePlace(visitor, { state = 'waiting', number = number, ordinal = ordinal, jti = jti })
  else
    redis.call('HDEL', places, visitor) -- of a place that was left: it had another number
  end
  markSeen(fields, number)
  return { 'joined', number, ordinal, 'waiting', text(number) }
end

-- A place that ended before it was admitted used up no admission. One whose token is not settled
-- yet keeps ordinal and jti: the next admission waits for the checkout's word (advance.lua), so
-- that leaving and joining again never yields a second token beside a live one.
local function enterAgain(visitor, p)
  if isUnsettled(p) then
    return enter(visitor, p.ordinal, p.jti)
  end
  local reply = enter(visitor, p.admittedAt > 0 and p.ordinal + 1 or p.ordinal)
  if p.state == 'admitted' and reply[1] == 'joined' then
    redis.call('ZREM', active, visitor)
    redis.call('HINCRBY', room, 'returned', p.promise)
    redis.call('HINCRBY', room, 'expired', 1)
  end
  return reply
end

local function join(visitor, ticketNumber, ticketOrdinal)
  local score = redis.call('ZSCORE', line, visitor)
  local p = readPlace(visitor)
  p = not isForgotten(p, ticketNumber) and p or nil
  if score then
    local number = p and p.number or tonumber(score)
    markSeen(fields, number)
    return { 'kept', number, p and p.ordinal or 1, 'waiting', score }
  elseif not p and ticketNumber == 0 then
    return enter(visitor, 1)
  elseif not p then -- the room was emptied, and the ticket is the place
    if state == 'closed' then
      return { refusal, 0, 0, '', '0' }
    end
    score = putBack(fields, visitor, ticketNumber, ticketOrdinal)
    markSeen(fields, ticketNumber)
    return { 'kept', ticketNumber, ticketOrdinal, 'waiting', text(score) }
  elseif p.state == 'left' or p.state == 'expired' or hasExpired(p) then
    p.ordinal = math.max(p.ordinal, ticketOrdinal)
    return enterAgain(visitor, p)
  elseif p.state == 'away' then
    markSeen(fields, p.number)
    score = putBack(fields, visitor, p.number, p.ordinal, p.jti)
    return { 'kept', p.number, p.ordinal, 'waiting', text(score) }
  end
  return { 'kept', p.number, p.ordinal, p.state, '0' }
end

local function joinBound(visitor, number, ordinal, jkt)
  local keyFault = keyRefusal(visitor, jkt)
  if keyFault then
    return { keyFault, 0, 0, '', '0' }
  end
  local reply = join(visitor, number, ordinal)
  if reply[1] == 'joined' or reply[1] == 'kept' then
    keepKey(visitor, jkt)
  end
  return reply
end

noteLook(fields)
local replies = {}
for i = 1, #ARGV, 4 do
  replies[#replies + 1] = joinBound(ARGV[i], int(ARGV[i + 1]), int(ARGV[i + 2]), ARGV[i + 3])
end
return replies
