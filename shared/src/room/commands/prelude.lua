-- In front of every command of the room. KEYS: all keys of the room, in the order of keys.ts.
-- A place's record is `state|number|ordinal|admittedAt|until|promise|jti`:
--   state     waiting (with a history), away, admitted, issued, done, expired, left
--   ordinal   counts the visitor's admissions in this sale from 1, and is part of the jti
--   promise   units of the budget that this admission may buy
--   jti       of the last token taken; kept by a place that was left and joined again
local room, line, places, active, tokens, holders, holding = unpack(KEYS, 1, 7)
local given, stock, snapshot, marks, pulse, waits, seen, bound = unpack(KEYS, 8, 15)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) -- the only clock; tests replace this line

local function int(text)
  return tonumber(text) or 0
end

local function text(value) -- whole numbers without an exponent, halves as they are
  return string.format('%.15g', value)
end

local function readRoom()
  local flat = redis.call('HGETALL', room)
  if #flat == 0 then
    return nil
  end
  local fields = {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
  end
  return fields
end

local function isSoldOut()
  local free, held, total = unpack(redis.call('HMGET', stock, 'free', 'held', 'total'))
  return int(total) > 0 and int(free) == 0 and int(held) == 0
end

local function saleState(fields)
  local startsAt, endsAt = int(fields.startsAt), int(fields.endsAt)
  if fields.phase == 'closed' or (endsAt > 0 and now >= endsAt) then
    return 'closed'
  elseif fields.phase == 'paused' then
    return 'paused'
  elseif fields.phase ~= 'open' and now < startsAt then
    return now >= startsAt - int(fields.lobbySeconds) * 1000 and 'lobby' or 'scheduled'
  end
  return isSoldOut() and 'sold_out' or 'open'
end

local function parsePlace(record)
  if not record then
    return nil
  end
  local p = {}
  p.state, p.number, p.ordinal, p.admittedAt, p.till, p.promise, p.jti =
    record:match('^(%a+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|([^|]*)$')
  p.number, p.ordinal, p.promise = int(p.number), int(p.ordinal), int(p.promise)
  p.admittedAt, p.till = int(p.admittedAt), int(p.till)
  return p
end

local function readPlace(visitor)
  return parsePlace(redis.call('HGET', places, visitor))
end

local function writePlace(visitor, p)
  redis.call('HSET', places, visitor, table.concat({
    p.state, text(p.number), text(p.ordinal or 1), text(p.admittedAt or 0), text(p.till or 0),
    text(p.promise or 0), p.jti or '',
  }, '|'))
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

-- Presence is one bit by number in each span of a quarter of `abandonSeconds`.
local function seenWidth(fields)
  return math.max(1, math.ceil(int(fields.abandonSeconds) / 4))
end

local function seenKey(width, span)
  return seen .. ':' .. width .. ':' .. text(span)
end

local function markSeen(fields, number)
  local width = seenWidth(fields)
  local key = seenKey(width, math.floor(now / 1000 / width))
  redis.call('SETBIT', key, number, 1)
  redis.call('EXPIRE', key, width * 7)
end

-- Of at most a thousand places (Lua's unpack has a limit), by two commands.
local function markAllSeen(fields, numbers)
  if #numbers == 0 then
    return
  end
  local width = seenWidth(fields)
  local key = seenKey(width, math.floor(now / 1000 / width))
  local bits = {}
  for i, number in ipairs(numbers) do
    bits[i * 4 - 3], bits[i * 4 - 2], bits[i * 4 - 1], bits[i * 4] = 'SET', 'u1', text(number), 1
  end
  redis.call('BITFIELD', key, unpack(bits))
  redis.call('EXPIRE', key, width * 7)
end

-- Somebody can reach us. Longer than any present shopper's poll is apart since the last one:
-- nobody could, so nobody who is missing since then is absent (D3).
local function noteLook(fields)
  if now - int(fields.lookedAt) > int(fields.abandonSeconds) * 500 then
    redis.call('HSET', room, 'presenceSince', now)
  end
  redis.call('HSET', room, 'lookedAt', now)
end

-- A token that was taken, and that no checkout has reported spent or lapsed yet.
local function isUnsettled(p)
  return p and p.jti ~= '' and redis.call('ZSCORE', tokens, p.jti)
end

-- An issued token that nobody spent is settled by a checkout; until its word has come, the
-- shopper is told so after this grace (a spend of the last moment takes that long to be known).
local graceMs = 2000

local function hasExpired(p)
  return p.state == 'admitted' and now >= p.till
    or p.state == 'issued' and now >= p.till + graceMs
end

-- Until when the last admission lives whose token is unspent; 0: there is none.
local function lastDeadline()
  return int(redis.call('ZRANGE', active, -1, -1, 'WITHSCORES')[2])
end

-- The most units that a live admission may buy: a limit that was lowered holds for later ones.
local function unitsMaxAlive(fields)
  local before = now < int(fields.unitsMaxBeforeUntil) and int(fields.unitsMaxBefore) or 0
  return math.max(before, int(fields.maxUnitsPerShopper))
end

-- Past its deadline by so much a token is settled: a spend of the last moment has been reported.
local settledMs = 10000

-- Units of the budget that stand under a token's jti, or under the key of a promise to late money;
-- nil where this room never counted any.
local function promiseOf(key)
  local holder = redis.call('HGET', holders, key)
  return holder and int(holder:match('|(%d+)|%d+$'))
end

local function setHolder(key, visitor, promise, number)
  redis.call('HSET', holders, key, visitor .. '|' .. text(promise) .. '|' .. text(number))
end

-- What of a promise was not taken; nothing where it was not made in this room.
local function untaken(report)
  return math.max(0, (promiseOf(report.jti) or 0) - report.taken)
end

local function isAgain(key)
  return key:sub(1, 6) == 'again:'
end

-- What came back of a promise: units, whether its order is over, and the last report about it.
local function readGiven(key)
  local units, over, seq = (redis.call('HGET', given, key) or '0:0:0'):match('^(%d+):(%d):(%d+)$')
  return { units = int(units), isOver = over == '1', seq = int(seq) }
end

-- Sets it: the room's two counts only grow, whichever way this one goes.
local function writeGiven(key, was, units, isOver, seq)
  local side = units > was.units and 'returned' or 'promised'
  redis.call('HINCRBY', room, side, math.abs(units - was.units))
  redis.call('HSET', given, key, text(units) .. ':' .. (isOver and 1 or 0) .. ':' .. text(seq))
end

-- Puts an absent visitor back: under the old number while that is ahead of the frontier, and
-- right behind the frontier otherwise.
local function putBack(fields, visitor, number, ordinal, jti)
  local frontier = int(fields.frontier)
  local score = number > frontier and number or frontier + 0.5
  redis.call('ZADD', line, 'NX', score, visitor)
  if number > int(fields.next) then
    redis.call('HSET', room, 'next', text(number))
    fields.next = text(number)
  end
  if number <= frontier or ordinal > 1 or jti then
    writePlace(visitor, { state = 'waiting', number = number, ordinal = ordinal, jti = jti })
  else
    redis.call('HDEL', places, visitor)
  end
  return score
end
