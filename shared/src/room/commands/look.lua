-- Notes that visitors are there, and tells where each of them stands. A valid ticket is the
-- place: a visitor whom the room does not know (it was emptied) is put back under the old number.
-- ARGV: fours visitor, number, ordinal, thumbprint of their key or '' (all from the ticket).
-- Returns for each { state, number, ordinal, score, admittedAt, until, promise }, where state is
--   'waiting' (score: where), 'admitted', 'issued', 'done', 'expired', 'left' or 'unknown'.
local fields = readRoom()
if not fields then
  local replies = {}
  for i = 1, #ARGV / 4 do
    replies[i] = { 'unknown', 0, 0, '0', 0, 0, 0 }
  end
  return replies
end
local isClosed = saleState(fields) == 'closed'
-- What many ask is read, and noted, by a handful of commands, however many they are.
local stepMax = 1000
local scores, records, seenNow = {}, {}, {}

local function putBackHere(visitor, number, ordinal, jti)
  scores[visitor] = text(putBack(fields, visitor, number, ordinal, jti))
  records[visitor] = readPlace(visitor) -- it may be asked for twice in one batch
  return scores[visitor]
end

local function waiting(number, ordinal, score)
  seenNow[#seenNow + 1] = number
  return { 'waiting', number, ordinal, text(tonumber(score)), 0, 0, 0 }
end

local function look(visitor, number, ordinal)
  local score, p = scores[visitor], records[visitor]
  p = not isForgotten(p, number) and p or nil
  if score then
    return waiting(p and p.number or tonumber(score), p and p.ordinal or 1, score)
  elseif not p then
    if isClosed then
      return { 'expired', number, ordinal, '0', 0, 0, 0 }
    end
    return waiting(number, ordinal, putBackHere(visitor, number, ordinal))
  elseif p.state == 'away' then
    return waiting(p.number, p.ordinal, putBackHere(visitor, p.number, p.ordinal, p.jti))
  end
  local state = hasExpired(p) and 'expired' or p.state
  return { state, p.number, p.ordinal, '0', p.admittedAt, p.till, p.promise }
end

local function read(visitors)
  local foundScores = redis.call('ZMSCORE', line, unpack(visitors))
  local foundRecords = redis.call('HMGET', places, unpack(visitors))
  for i, visitor in ipairs(visitors) do
    scores[visitor] = foundScores[i] or nil
    records[visitor] = parsePlace(foundRecords[i])
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
for from = 1, #ARGV, stepMax * 4 do
  local visitors, keyOf = {}, {}
  for i = from, math.min(#ARGV, from + stepMax * 4 - 1), 4 do
    visitors[#visitors + 1] = ARGV[i]
    keyOf[ARGV[i]] = ARGV[i + 3]
  end
  keepKeys(visitors, keyOf)
  read(visitors)
  for i, visitor in ipairs(visitors) do
    local at = from + (i - 1) * 4
    replies[#replies + 1] = look(visitor, int(ARGV[at + 1]), int(ARGV[at + 2]))
  end
  markAllSeen(fields, seenNow)
  seenNow = {}
end
return replies
