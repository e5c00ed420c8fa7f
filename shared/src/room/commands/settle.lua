-- Takes the checkouts' reports, in any order, any number of times.
-- ARGV: JSON of [{kind, seq, jti, visitor, number, max, taken, returned, payBefore, after}, ...]:
--   seq is the report's id in the outbox (0: it has none), max what the token allowed, taken what
--   was claimed, and kind one of:
--   'spent'   a token became an order that awaits payment until payBefore (ms)
--   'extended' that order may be paid until a later payBefore
--   'ended'   that order was paid, or ran out, or was cancelled or refunded; `returned` units of
--             it are free again. `after`: the seq of its 'spent' or 'bought', if that waited yet
--   'lapsed'  a token can no longer be spent
--   'bought'  the promise `jti` (promise.lua) became units of an order that is paid
--   A promise that bought nothing, or whose order was refunded, is 'ended' under its key.
-- Returns 'taken', or 'no-room'.
local reports = cjson.decode(ARGV[1])
local fields = readRoom()
if not fields then
  return 'no-room'
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
    record('returned', p.lane, 0, text(p.promise))
  end
  local kept = placeOrStanding(fields, report.visitor)
    or { number = report.number, ordinal = 1, admittedAt = now, lane = 'main' }
  removeFromLine(report.visitor)
  redis.call('ZREM', active, report.visitor)
  kept.state, kept.jti = 'done', report.jti
  writePlace(report.visitor, kept)
  redis.call('HINCRBY', room, 'redeemed', 1)
  redis.call('HINCRBY', room, 'bought', report.taken)
  record('spent', kept.lane, kept.number)
end

-- A place that was left and joined again goes on, with the ordinal of its next admission.
local function endAsLapsed(report)
  local p, isTheirs = placeOf(report)
  if not p or not isTheirs then
    return
  end
  if p.state == 'issued' then
    p.state = 'expired'
  elseif p.state == 'waiting' or p.state == 'away' then
    p.ordinal, p.jti = p.ordinal + 1, ''
  end
  if p.state ~= 'admitted' then
    redis.call('ZREM', active, report.visitor)
  end
  writePlace(report.visitor, p)
  if p.state == 'expired' then
    releaseAddress(fields, report.visitor)
  end
  record('lapsed', p.lane, p.number)
end

-- What the room made anew counted from its beginning on.
local function isOld(seq)
  return seq > 0 and seq <= int(fields.settledFrom)
end

-- Counts what an order took and this room never promised: by a token of before Redis was emptied,
-- whose promise is part of `outstanding` (given back as a whole), or which allowed more than now.
local function adopt(report)
  local promise = promiseOf(report.jti) or 0
  if promise == 0 and not isAgain(report.jti) and int(fields.outstandingActive) > 0 then
    -- One of the admissions that were alive: from now on its order counts.
    fields.outstandingActive = redis.call('HINCRBY', room, 'outstandingActive', -1)
  end
  if report.taken > promise then
    redis.call('HINCRBY', room, 'promised', report.taken - promise)
    setHolder(report.jti, report.visitor, report.taken, report.number)
  end
end

-- Unless the order has ended; a deadline only grows.
local function hold(report)
  if not readGiven(report.jti).isOver then
    redis.call('ZADD', holding, 'GT', report.payBefore, report.jti)
  end
end

-- What comes back of a token only grows, so that late and repeated reports change nothing.
local function giveBack(report, units, isOver)
  local was = readGiven(report.jti)
  writeGiven(report.jti, was, math.max(was.units, units), was.isOver or isOver, 0)
end

local function spent(report)
  adopt(report)
  redis.call('ZREM', tokens, report.jti)
  hold(report)
  endAsDone(report)
  giveBack(report, untaken(report), false)
end

-- Adopts where the 'spent' is still to come: its units are not among those gone at the beginning.
local function adoptEnded(report)
  if report.after and report.after > int(fields.settledFrom) then
    adopt(report)
  end
end

local function ended(report)
  adoptEnded(report)
  redis.call('ZREM', holding, report.jti)
  giveBack(report, untaken(report) + report.returned, true)
end

local function lapsed(report)
  if redis.call('ZREM', tokens, report.jti) == 1 then
    redis.call('HINCRBY', room, 'expired', 1)
    endAsLapsed(report)
    giveBack(report, promiseOf(report.jti) or report.max, true)
  else -- perhaps of before Redis was emptied: take.lua gives it to nobody again
    redis.call('HSETNX', given, report.jti, '0:1:0')
  end
end

-- Of a promise to late money the last word counts: one payment may give it up, and the next buy.
local function settleAgain(report)
  local was = readGiven(report.jti)
  if report.seq <= was.seq then
    return
  end
  if was.seq == 0 then
    redis.call('HINCRBY', room, 'late', 0 - (promiseOf(report.jti) or 0))
  end
  if report.kind == 'bought' then
    adopt(report)
  else
    adoptEnded(report)
  end
  local units = untaken(report) + report.returned
  writeGiven(report.jti, was, units, report.kind == 'ended', report.seq)
end

local function settle(report)
  if isAgain(report.jti) then
    settleAgain(report)
  elseif report.kind == 'spent' then
    spent(report)
  elseif report.kind == 'extended' then
    hold(report)
  elseif report.kind == 'lapsed' then
    lapsed(report)
  else
    ended(report)
  end
end

for _, report in ipairs(reports) do
  if not isOld(report.seq) then
    settle(report)
  end
end
redis.call('HINCRBY', room, 'settles', 1)
return 'taken'
