-- Notes that visitors are there, and tells where each of them stands. A valid ticket is the
-- place: a visitor whom the room does not know (it was emptied) is put back under the old number.
-- ARGV: fives visitor, number, ordinal, thumbprint of their key or '', lane (from the ticket).
-- Returns for each { state, number, ordinal, score, admittedAt, until, promise, lane, own }, where
--   state is 'waiting' (score: where), 'admitted', 'issued', 'done', 'expired', 'left', 'revoked'
--   or 'unknown', and own is 1 where they wait exactly where their ticket says.
local fields = readRoom()
local stride = 5
if not fields then
  local replies = {}
  for i = 1, #ARGV / stride do
    replies[i] = { 'unknown', 0, 0, '0', 0, 0, 0, 'main', 0 }
  end
  return replies
end
local isClosed = saleState(fields) == 'closed'
-- What many ask is read, and noted, by a handful of commands, however many they are.
local stepMax = 1000
local scores, lanes, found, seenNow = {}, {}, {}, {}
local ranges = rangesOf(fields)

local function putBackHere(ask, number, ordinal, jti, lane)
  local visitor = ask.visitor
  scores[visitor] = putBack(fields, visitor, number, ordinal, jti, lane)
  lanes[visitor] = lane
  found[visitor] = readPlace(visitor) -- it may be asked for twice in one batch
  return scores[visitor]
end

local function waiting(ask, number, ordinal, score, lane)
  seenNow[#seenNow + 1] = number
  local isOwn = number == ask.number and ordinal == ask.ordinal and lane == ask.lane
    and score == ask.score
  return { 'waiting', number, ordinal, text(score), 0, 0, 0, lane, isOwn and 1 or 0 }
end

local function over(state, number, ordinal, lane)
  return { state, number, ordinal, '0', 0, 0, 0, lane, 0 }
end

local function isGone(ask, number)
  return isInRanges(ranges, number)
    or fields.revokedOne == '1' and isRevoked(fields, ask.visitor, number)
end

local function look(ask)
  local score, p = scores[ask.visitor], found[ask.visitor]
  p = not isForgotten(p, ask.number) and p or nil
  ask.score = scoreOf(fields, ask.number)
  local number = p and p.number
    or score and score ~= ask.score and numberOf(fields, score) or ask.number
  if isGone(ask, number) and not (p and p.state == 'done') then
    return over('revoked', number, p and p.ordinal or ask.ordinal, p and p.lane or ask.lane)
  elseif score then
    return waiting(ask, number, p and p.ordinal or 1, score, lanes[ask.visitor])
  elseif not p then
    if isClosed then
      return over('expired', ask.number, ask.ordinal, ask.lane)
    end
    local at = putBackHere(ask, ask.number, ask.ordinal, nil, ask.lane)
    return waiting(ask, ask.number, ask.ordinal, at, ask.lane)
  elseif p.state == 'away' then
    local at = putBackHere(ask, p.number, p.ordinal, p.jti, p.lane)
    return waiting(ask, p.number, p.ordinal, at, p.lane)
  end
  local state = hasExpired(fields, p) and 'expired' or p.state
  return { state, p.number, p.ordinal, '0', p.admittedAt, deadlineOf(fields, p), p.promise,
    p.lane, 0 }
end

local function read(visitors)
  for _, lane in ipairs(lanesOf(fields)) do
    for i, score in ipairs(redis.call('ZMSCORE', lineOf[lane], unpack(visitors))) do
      if score then
        scores[visitors[i]], lanes[visitors[i]] = tonumber(score), lane
      end
    end
  end
  local foundRecords = redis.call('HMGET', places, unpack(visitors))
  for i, visitor in ipairs(visitors) do
    found[visitor] = parsePlace(foundRecords[i])
  end
end

-- A Redis that was emptied has the keys from the tickets again.
local function keepKeys(visitors, keyOf)
  local bearers = {}
  for _, visitor in ipairs(visitors) do
    if keyOf[visitor] ~= '' then
      bearers[#bearers + 1] = visitor
    end
  end
  if isClosed or #bearers == 0 then
    return
  end
  local boundFields = {}
  for i, visitor in ipairs(bearers) do
    boundFields[i] = boundField(visitor)
  end
  for i, key in ipairs(redis.call('HMGET', bound, unpack(boundFields))) do
    if not key then
      keepKey(bearers[i], keyOf[bearers[i]])
    end
  end
end

local replies = {}
noteLook(fields)
for from = 1, #ARGV, stepMax * stride do
  local asks, visitors, keyOf = {}, {}, {}
  for i = from, math.min(#ARGV, from + stepMax * stride - 1), stride do
    visitors[#visitors + 1] = ARGV[i]
    keyOf[ARGV[i]] = ARGV[i + 3]
    asks[#asks + 1] = { visitor = ARGV[i], number = int(ARGV[i + 1]), ordinal = int(ARGV[i + 2]),
      lane = ARGV[i + 4] }
  end
  keepKeys(visitors, keyOf)
  scores, lanes, found = {}, {}, {}
  read(visitors)
  for _, ask in ipairs(asks) do
    replies[#replies + 1] = look(ask)
  end
  markAllSeen(fields, seenNow)
  seenNow = {}
end
return replies
