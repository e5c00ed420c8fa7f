-- Takes the checkouts' reports, in any order, any number of times.
-- ARGV: JSON of [{kind, seq, jti, visitor, number, max, taken, returned, payBefore}, ...]; seq is
--   the report's id in the outbox (0 for lapses), max what the token allowed, taken what was
--   claimed, and kind one of:
--   'spent'   a token became an order that awaits payment until payBefore (ms)
--   'extended' that order may be paid until a later payBefore
--   'ended'   that order was paid, or ran out, or was cancelled or refunded; `returned` units of
--             it are free again
--   'lapsed'  a token can no longer be spent
--   'bought'  the promise `jti` (promise.lua) became units of an order that is paid
--   A promise that bought nothing, or whose order was refunded, is 'ended' under its key.
-- Returns the number of reports taken.
local reports = cjson.decode(ARGV[1])
local fields = readRoom()
if not fields then
  return 0
end

-- A visitor's present place belongs to the report where it has the report's token, or has taken
-- none (a room that was emptied forgot it).
local function placeOf(report)
  local p = readPlace(report.visitor)
  if p and p.jti ~= '' and p.jti ~= report.jti then
    return nil, false
  end
  return p, true
end

-- Whoever bought has done with this sale, wherever they stood meanwhile.
local function endAsDone(report)
  local p, isTheirs = placeOf(report)
  if not isTheirs or p and p.state == 'done' then
    return
  end
  if p and p.state == 'admitted' then
    redis.call('HINCRBY', room, 'returned', p.promise)
  end
  redis.call('ZREM', line, report.visitor)
  redis.call('ZREM', active, report.visitor)
  local kept = p or { number = report.number, ordinal = 1, admittedAt = now }
  kept.state, kept.jti = 'done', report.jti
  writePlace(report.visitor, kept)
  redis.call('HINCRBY', room, 'redeemed', 1)
end

-- A place that was left and joined again goes on, with the ordinal of its next admission.
local function endAsLapsed(report)
  local p, isTheirs = placeOf(report)
  if not p or not isTheirs then
    return
  end
  if p.state == 'issued' then
    redis.call('ZREM', active, report.visitor)
    p.state = 'expired'
  elseif p.state == 'waiting' or p.state == 'away' then
    p.ordinal, p.jti = p.ordinal + 1, ''
  end
  writePlace(report.visitor, p)
end

-- A token from before Redis was emptied: its promise is part of `outstanding`, which is given
-- back as a whole, so what it took must be counted once, and only that can come back.
local adopted = '~'

local function adopt(report)
  redis.call('HINCRBY', room, 'promised', report.taken)
  redis.call('HSET', holders, report.jti, adopted)
  redis.call('HSETNX', given, report.jti, '0:0')
end

-- What of the promise was not taken; nothing where the promise was not made in this room.
local function untaken(report)
  local holder = redis.call('HGET', holders, report.jti)
  return holder and holder ~= adopted and report.max - report.taken or 0
end

-- Unless the order has ended: reports come in any order.
local function hold(report)
  if (redis.call('HGET', given, report.jti) or '0:0'):sub(-1) == '0' then
    redis.call('ZADD', holding, report.payBefore, report.jti)
  end
end

local function spent(report)
  if redis.call('HEXISTS', holders, report.jti) == 0 then
    adopt(report)
  end
  redis.call('ZREM', tokens, report.jti)
  hold(report)
  endAsDone(report)
  giveBack(report.jti, untaken(report), false)
end

-- The first word of what became of a promise to late money: it is no longer open.
local function closePromise(key)
  local units = (redis.call('HGET', holders, key) or ''):match('^|(%d+)$')
  if units and redis.call('HEXISTS', given, key) == 0 then
    redis.call('HINCRBY', room, 'late', -int(units))
  end
end

-- A promise of before Redis was emptied is not in this room's count, and the units it bought since
-- are not among those that were gone at its beginning.
local function bought(report)
  if redis.call('HEXISTS', holders, report.jti) == 0 then
    adopt(report)
  end
  closePromise(report.jti)
  -- Given back for another payment of that order, by a report that was under way.
  local had, isOver = (redis.call('HGET', given, report.jti) or '0:0'):match('^(%d+):(%d)$')
  if isOver == '1' then
    redis.call('HINCRBY', room, 'promised', int(had))
  end
  redis.call('HSET', given, report.jti, '0:0')
end

local function ended(report)
  closePromise(report.jti)
  redis.call('ZREM', holding, report.jti)
  giveBack(report.jti, untaken(report) + report.returned, true)
end

local function lapsed(report)
  if redis.call('ZREM', tokens, report.jti) == 1 then
    redis.call('HINCRBY', room, 'expired', 1)
    endAsLapsed(report)
    giveBack(report.jti, report.max, true)
  end
end

for _, report in ipairs(reports) do
  -- What Postgres held when the room was made anew is in its budget already.
  local old = report.seq > 0 and report.seq <= int(fields.settledFrom)
  if report.kind == 'lapsed' then
    lapsed(report)
  elseif not old then
    if report.kind == 'spent' then
      spent(report)
    elseif report.kind == 'extended' then
      hold(report)
    elseif report.kind == 'bought' then
      bought(report)
    else
      ended(report)
    end
  end
end
redis.call('HINCRBY', room, 'settles', 1)
-- Keys that were made after the close live no longer than the others.
local ttl = redis.call('TTL', room)
if ttl > 0 then
  for _, key in ipairs({ places, given, holders, holding, tokens }) do
    redis.call('EXPIRE', key, ttl)
  end
end
return #reports
