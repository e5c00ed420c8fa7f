-- Gives each visitor a place at the end of the line, or the place that they have.
-- ARGV: eights visitor, number, ordinal, thumbprint of their key ('' is none), lane, pass, digest
--   of their address, moves; number is 0 but for who shows a ticket of this sale. pass: id of a
--   good pass, or ''. moves: '1' where the key that is shown, or none, takes the place of the one
--   before.
-- Returns for each visitor { outcome, number, ordinal, state, score, lane }:
--   'joined' | 'kept', or 'unknown' | 'sale-not-open' | 'sold-out' | 'too-many-places' |
--   'pass-spent' | 'revoked' with zeros; 'key-needed' | 'other-key' where they are bound to a key
--   and this is not it.
local fields = readRoom()
local stride = 8

local function refused(outcome)
  return { outcome, 0, 0, '', '0', 'main' }
end

if not fields then
  local replies = {}
  for i = 1, #ARGV / stride do
    replies[i] = refused('unknown')
  end
  return replies
end
fields = recover(fields)
local state = saleState(fields)
closeLobby(fields, state)
local refusal = nil
if state == 'scheduled' or state == 'closed' then
  refusal = 'sale-not-open'
elseif state == 'sold_out' then
  refusal = 'sold-out'
end
local placesMax = int(fields.placesPerAddress)

local function isFull(ask)
  return placesMax > 0 and ask.address ~= '' and not ask.hasPlace
    and redis.call('HEXISTS', addresses, 'v:' .. ask.visitor) == 0
    and int(redis.call('HGET', addresses, ask.address)) >= placesMax
end

local function enter(ask, lane, ordinal, jti)
  if refusal then
    return refused(refusal)
  elseif isFull(ask) then
    return refused('too-many-places')
  end
  local visitor = ask.visitor
  local number = redis.call('HINCRBY', room, 'next', 1)
  fields.next = text(number)
  redis.call('HINCRBY', room, 'joined', 1)
  redis.call('ZADD', lineOf[lane], number, visitor)
  if ordinal > 1 or jti then
    writePlace(visitor, { state = 'waiting', number = number, ordinal = ordinal, jti = jti,
      lane = lane })
  else
    redis.call('HDEL', places, visitor) -- of a place that was left: it had another number
  end
  markSeen(fields, number)
  redis.call('SETBIT', known, number, 1)
  countAddress(fields, visitor, ask.address)
  record('joined', lane, number, ask.isPassNew and ask.pass .. ' ' .. visitor or nil)
  return { 'joined', number, ordinal, 'waiting', text(number), lane }
end

-- A place that ended before it was admitted used up no admission. One whose token is not settled
-- yet keeps ordinal and jti: the next admission waits for the checkout's word (advance.lua), so
-- that leaving and joining again never yields a second token beside a live one.
local function enterAgain(ask, p, lane)
  if isUnsettled(p) then
    return enter(ask, lane, p.ordinal, p.jti)
  end
  local reply = enter(ask, lane, p.admittedAt > 0 and p.ordinal + 1 or p.ordinal)
  if p.state == 'admitted' and reply[1] == 'joined' then
    redis.call('ZREM', active, ask.visitor)
    redis.call('HINCRBY', room, 'returned', p.promise)
    redis.call('HINCRBY', room, 'expired', 1)
    record('expired', p.lane, p.number)
    record('returned', p.lane, 0, text(p.promise))
  end
  return reply
end

-- Who waited in the main lane and brings a pass begins at the end of the other one.
local function moveToPriority(ask, p, number)
  if refusal then
    return refused(refusal)
  end
  ask.hasPlace = true -- perhaps one that was not counted: the limit, or this Redis, is newer
  redis.call('ZREM', line, ask.visitor)
  record('left', 'main', number)
  local jti = p and p.jti ~= '' and p.jti or nil
  return enter(ask, 'priority', p and p.ordinal or 1, jti)
end

local function keep(ask, p, score, lane)
  local number = p and p.number or numberOf(fields, score)
  if ask.isPassNew and lane == 'main' then
    return moveToPriority(ask, p, number)
  end
  markSeen(fields, number)
  return { 'kept', number, p and p.ordinal or 1, 'waiting', text(score), lane }
end

local function comeBack(ask, number, ordinal, jti, lane)
  markSeen(fields, number)
  local score = putBack(fields, ask.visitor, number, ordinal, jti, lane)
  if ask.isPassNew and lane == 'main' then
    return moveToPriority(ask, { number = number, ordinal = ordinal, jti = jti or '' }, number)
  end
  countAddress(fields, ask.visitor, ask.address)
  return { 'kept', number, ordinal, 'waiting', text(score), lane }
end

-- A ticket of a revoked place is worth nothing; without one, a visitor may stand at the end.
local function joinRevoked(ask, p, number, lane)
  if p and p.state == 'done' then
    return { 'kept', p.number, p.ordinal, p.state, '0', p.lane }
  elseif ask.number > 0 and isRevoked(fields, ask.visitor, ask.number) then
    return refused('revoked')
  end
  p = p or { state = 'waiting', number = number, ordinal = ask.ordinal, admittedAt = 0,
    lane = lane or ask.lane }
  if p.state ~= 'revoked' then
    endPlace(fields, ask.visitor, p, 'revoked')
  end
  return enterAgain(ask, p, ask.isPassNew and 'priority' or 'main')
end

local function join(ask)
  local visitor, score, lane = ask.visitor, standingOf(fields, ask.visitor)
  local p = readPlace(visitor)
  p = not isForgotten(p, ask.number) and p or nil
  local newLane = ask.isPassNew and 'priority' or 'main'
  local number = p and p.number or score and numberOf(fields, score) or ask.number
  if number > 0 and isRevoked(fields, visitor, number) then
    return joinRevoked(ask, p, number, lane)
  elseif score then
    return keep(ask, p, score, lane)
  elseif not p and ask.number == 0 then
    return enter(ask, newLane, 1)
  elseif not p then -- the room was emptied, and the ticket is the place
    if state == 'closed' then
      return refused(refusal)
    end
    return comeBack(ask, ask.number, ask.ordinal, nil, ask.lane)
  elseif p.state == 'left' or p.state == 'expired' or p.state == 'revoked'
    or hasExpired(fields, p) then
    p.ordinal = math.max(p.ordinal, ask.ordinal)
    return enterAgain(ask, p, newLane)
  elseif p.state == 'away' then
    return comeBack(ask, p.number, p.ordinal, p.jti, p.lane)
  end
  return { 'kept', p.number, p.ordinal, p.state, '0', p.lane }
end

-- A pass is spent by who enters the priority lane with it, and by nobody else then.
local function joinWithPass(ask)
  if ask.pass ~= '' then
    local owner = redis.call('HGET', passes, ask.pass)
    if owner and owner ~= ask.visitor then
      return refused('pass-spent')
    end
    ask.isPassNew = not owner
  end
  local reply = join(ask)
  if ask.isPassNew and reply[1] == 'joined' then
    redis.call('HSET', passes, ask.pass, ask.visitor)
    if fields.hasPriority ~= '1' then
      redis.call('HSET', room, 'hasPriority', 1)
      fields.hasPriority = '1'
    end
  end
  return reply
end

local function joinBound(ask)
  local keyFault = not ask.moves and keyRefusal(ask.visitor, ask.jkt)
  if keyFault then
    return refused(keyFault)
  end
  local reply = joinWithPass(ask)
  if reply[1] == 'joined' or reply[1] == 'kept' then
    if ask.moves then
      redis.call('HDEL', bound, boundField(ask.visitor))
    end
    keepKey(ask.visitor, ask.jkt)
  end
  return reply
end

noteLook(fields)
local replies = {}
for i = 1, #ARGV, stride do
  replies[#replies + 1] = joinBound({
    visitor = ARGV[i], number = int(ARGV[i + 1]), ordinal = int(ARGV[i + 2]), jkt = ARGV[i + 3],
    lane = ARGV[i + 4], pass = ARGV[i + 5], address = ARGV[i + 6], moves = ARGV[i + 7] == '1',
  })
end
return replies
