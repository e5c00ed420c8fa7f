-- Places: their records, where they stand, and the key that each is bound to.
-- A place's record is `state|number|ordinal|admittedAt|until|promise|jti|flags`:
--   state     waiting (with a history), away, admitted, issued, done, expired, left, revoked
--   ordinal   counts the visitor's admissions in this sale from 1, and is part of the jti
--   promise   units of the budget that this admission may buy
--   jti       of the last token taken; kept by a place that was left and joined again
--   flags     `p`: in the priority lane; `c<ms>`: `until` has so much time given back (fault.lua)
local function parsePlace(saved)
  if not saved then
    return nil
  end
  local p = {}
  local flags
  p.state, p.number, p.ordinal, p.admittedAt, p.till, p.promise, p.jti, flags =
    saved:match('^(%a+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|([^|]*)|?(%w*)$')
  p.number, p.ordinal, p.promise = int(p.number), int(p.ordinal), int(p.promise)
  p.admittedAt, p.till = int(p.admittedAt), int(p.till)
  p.lane = flags:find('p') and 'priority' or 'main'
  p.credit = int(flags:match('c(%d+)'))
  return p
end

local function readPlace(visitor)
  return parsePlace(redis.call('HGET', places, visitor))
end

local function placeRecord(p)
  local credit = p.credit or 0
  local flags = (p.lane == 'priority' and 'p' or '') .. (credit > 0 and 'c' .. text(credit) or '')
  return table.concat({
    p.state, text(p.number), text(p.ordinal or 1), text(p.admittedAt or 0), text(p.till or 0),
    text(p.promise or 0), p.jti or '',
  }, '|') .. (flags == '' and '' or '|' .. flags)
end

local function writePlace(visitor, p)
  redis.call('HSET', places, visitor, placeRecord(p))
end

-- The lanes, and where each is let in up to. One counter gives the numbers of both.
local lineOf = { main = line, priority = priority }
local frontierOf = { main = 'frontier', priority = 'frontierPriority' }

local function lanesOf(fields)
  return fields.hasPriority == '1' and { 'main', 'priority' } or { 'main' }
end

-- Where a visitor waits: score and lane, or nil.
local function standingOf(fields, visitor)
  for _, lane in ipairs(lanesOf(fields)) do
    local score = redis.call('ZSCORE', lineOf[lane], visitor)
    if score then
      return tonumber(score), lane
    end
  end
  return nil
end

local function removeFromLine(visitor)
  return redis.call('ZREM', line, visitor) + redis.call('ZREM', priority, visitor)
end

-- The draw: entrants stand by rank, below all numbers, so that nothing else has to know of it. The
-- permutation of docs/draw.md; `draw` holds its tables, each entry two bytes.
local drawnBase = 1073741824
local drawTables

local function forth(value, half)
  local left, right = math.floor(value / half), value % half
  for round = 0, 7 do
    local at = (round * half + right) * 2
    local high, low = drawTables:byte(at + 1, at + 2)
    left, right = right, bit.bxor(left, high * 256 + low)
  end
  return left * half + right
end

local function back(value, half)
  local left, right = math.floor(value / half), value % half
  for round = 7, 0, -1 do
    local at = (round * half + left) * 2
    local high, low = drawTables:byte(at + 1, at + 2)
    left, right = bit.bxor(right, high * 256 + low), left
  end
  return left * half + right
end

local function permuted(fields, place, walk)
  drawTables = drawTables or redis.call('GET', draw)
  local entrants, half = int(fields.entrants), 2 ^ int(fields.drawBits)
  local value = walk(place - 1, half)
  while value >= entrants do
    value = walk(value, half)
  end
  return value + 1
end

local function isEntrant(fields, number)
  return fields.draws and number >= 1 and number <= int(fields.entrants)
end

-- Where in the line a number stands: by rank where it was drawn.
local function scoreOf(fields, number)
  return isEntrant(fields, number) and permuted(fields, number, forth) - drawnBase or number
end

-- Whose score it is: nobody's who was passed over, these have a record.
local function numberOf(fields, score)
  return score < 0 and permuted(fields, score + drawnBase, back) or score
end

-- A place that did nothing but wait has no record: it is where it stands.
local function placeOrStanding(fields, visitor)
  local p = readPlace(visitor)
  if p then
    return p
  end
  local score, lane = standingOf(fields, visitor)
  return score and { state = 'waiting', number = numberOf(fields, score), ordinal = 1,
    admittedAt = 0, till = 0, promise = 0, jti = '', credit = 0, lane = lane }
end

-- What everybody is told a number or a score is: the rank of who was drawn.
local function shownScore(score)
  return score < 0 and score + drawnBase or score
end

local function shownNumber(fields, number)
  return shownScore(scoreOf(fields, number))
end

-- A ticket of a later place than the one that is known to have ended: the room was emptied since.
local function isForgotten(p, number)
  return p and p.state == 'expired' and number > p.number
end

-- The first key that a visitor shows in a sale stays theirs, through all their places in it. Of a
-- visitor's 128 random bits 84 are kept, of a thumbprint's 256 bits 132: nobody finds another that
-- begins so, and a bound place stays under 250 bytes.
local function boundField(visitor)
  return visitor:sub(1, 14)
end

local function keepKey(visitor, jkt)
  if jkt ~= '' then
    redis.call('HSETNX', bound, boundField(visitor), jkt:sub(1, 22))
  end
end

-- 'key-needed' or 'other-key' where the visitor has a key and this is not it, or nil.
local function keyRefusal(visitor, jkt)
  local own = redis.call('HGET', bound, boundField(visitor))
  if not own or own == jkt:sub(1, 22) then
    return nil
  end
  return jkt == '' and 'key-needed' or 'other-key'
end
