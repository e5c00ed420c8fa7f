-- Admissions: how long they live, what they may buy, and how places come back or end.

-- A token that was taken, and that no checkout has reported spent or lapsed yet.
local function isUnsettled(p)
  return p and p.jti and p.jti ~= '' and redis.call('ZSCORE', tokens, p.jti)
end

-- An issued token that nobody spent is settled by a checkout; until its word has come, the
-- shopper is told so after this grace (a spend of the last moment takes that long to be known).
local graceMs = 2000

-- A lease that is good for less has missed two beats (lease.lua): no checkout could commit in the
-- second before it runs out.
local beatsMissedMs = 1000

-- Times in which nobody could buy by a fault of ours (D10): `from:till,...`, as lease.lua notes
-- them, and the one that goes on.
local gapsKnown = nil
local function gapsOf(fields)
  if gapsKnown then
    return gapsKnown
  end
  local gaps = {}
  for from, till in (fields.gaps or ''):gmatch('(%d+):(%d+)') do
    gaps[#gaps + 1] = { int(from), int(till) }
  end
  local leaseUntil = int(fields.leaseUntil)
  if leaseUntil > 0 and now > leaseUntil - beatsMissedMs then
    gaps[#gaps + 1] = { leaseUntil - beatsMissedMs, now }
  end
  gapsKnown = gaps
  return gaps
end

-- The deadline of an admission, with the time that the first such gap took from it given back:
-- who had ten seconds left when it began has ten seconds left when it is over. Once: of this and
-- what fault.lua gave, which is in `till`, the larger counts.
local function deadlineOf(fields, p)
  if p.till == 0 then
    return 0
  end
  local own = p.till - p.credit
  for _, gap in ipairs(gapsOf(fields)) do
    local from = math.max(gap[1], p.admittedAt)
    if from < math.min(gap[2], own) then
      return math.max(p.till, own + gap[2] - from)
    end
  end
  return p.till
end

local function hasExpired(fields, p)
  return p.state == 'admitted' and now >= deadlineOf(fields, p)
    or p.state == 'issued' and now >= deadlineOf(fields, p) + graceMs
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
  if units > was.units then
    record('returned', 'main', 0, text(units - was.units))
  end
  redis.call('HSET', given, key, text(units) .. ':' .. (isOver and 1 or 0) .. ':' .. text(seq))
end

-- Puts an absent visitor back: under the old number while that is ahead of the frontier, and
-- right behind the frontier otherwise.
local function putBack(fields, visitor, number, ordinal, jti, lane)
  local frontier = int(fields[frontierOf[lane]])
  local own = scoreOf(fields, number)
  local score = own > frontier and own or frontier + 0.5
  if lane == 'priority' and fields.hasPriority ~= '1' then
    redis.call('HSET', room, 'hasPriority', 1)
    fields.hasPriority = '1'
  end
  redis.call('ZADD', lineOf[lane], 'NX', score, visitor)
  redis.call('SETBIT', known, number, 1)
  record('back', lane, number, text(own > frontier and 0 or shownScore(score)))
  if number > int(fields.next) then
    redis.call('HSET', room, 'next', text(number))
    fields.next = text(number)
  end
  if own <= frontier or ordinal > 1 or jti and jti ~= '' then
    writePlace(visitor, { state = 'waiting', number = number, ordinal = ordinal, jti = jti,
      lane = lane })
  else
    redis.call('HDEL', places, visitor)
  end
  return score
end

-- How many places an address has; who has one is kept as long as it counts.
local function countAddress(fields, visitor, address)
  if address ~= '' and int(fields.placesPerAddress) > 0
    and redis.call('HSETNX', addresses, 'v:' .. visitor, address) == 1 then
    local count = redis.call('HINCRBY', addresses, address, 1)
    if count > int(fields.addressMost) then
      fields.addressMost = text(count)
      redis.call('HSET', room, 'addressMost', count)
    end
  end
end

local function releaseAddress(fields, visitor)
  if int(fields.addressMost) == 0 then -- none was counted, whatever the limit is now
    return
  end
  local address = redis.call('HGET', addresses, 'v:' .. visitor)
  if address then
    redis.call('HDEL', addresses, 'v:' .. visitor)
    if redis.call('HINCRBY', addresses, address, -1) <= 0 then
      redis.call('HDEL', addresses, address)
    end
  end
end

-- Revocations: ranges of numbers (`from-to,...` in the room), and by visitor the last number that
-- theirs may have had (`v:<visitor>` in `revoked`). Who joins again has a higher one.
local function rangesOf(fields)
  local ranges = {}
  for from, to in (fields.revoked or ''):gmatch('(%d+)%-(%d+)') do
    ranges[#ranges + 1] = { int(from), int(to) }
  end
  return ranges
end

local function isInRanges(ranges, number)
  for _, range in ipairs(ranges) do
    if number >= range[1] and number <= range[2] then
      return true
    end
  end
  return false
end

local function isRevoked(fields, visitor, number)
  if isInRanges(rangesOf(fields), number) then
    return true
  end
  return fields.revokedOne == '1'
    and number <= int(redis.call('HGET', revoked, 'v:' .. visitor) or -1)
end

-- Ends a place from outside of the line's own course, as `left` or `revoked`. What was admitted and
-- not taken goes back to the budget; a token that was taken is due at once: a checkout settles it.
local function endPlace(fields, visitor, p, state)
  removeFromLine(visitor)
  if p.state == 'admitted' then
    redis.call('ZREM', active, visitor)
    redis.call('HINCRBY', room, 'returned', p.promise)
    record('returned', p.lane, 0, text(p.promise))
  elseif p.state == 'issued' then
    redis.call('ZADD', tokens, 'XX', 0, p.jti)
  end
  p.state = state
  writePlace(visitor, p)
  releaseAddress(fields, visitor)
  record(state, p.lane, p.number)
end

-- A Redis that was started anew from what it had saved, or whose replica took over, may lack its
-- last seconds (D4). Their numbers are passed over, their admissions count as promised until their
-- tokens have died, and nobody is let in until those whose places are lost have polled again.
local reassemblyMs, numbersMargin, lostMsMax = 12000, 10000, 60000

function recover(fields)
  local run = serverRun()
  isRunKnown = true
  if fields.run == run then
    return fields
  end
  local lostMs = math.min(lostMsMax, math.max(1000, now - int(fields.advancedAt)))
  local perSecond = int(fields.admitPerMinute) / 60
  local allowed = math.ceil(math.max(1, perSecond) + perSecond * lostMs / 1000)
  local admissions = math.min(int(fields.maxActive), allowed)
  local units = admissions * unitsMaxAlive(fields)
  local till = now + int(fields.tokenSeconds) * 1000 + settledMs
  redis.call('HINCRBY', room, 'epoch', 1)
  redis.call('HINCRBY', room, 'next', numbersMargin)
  redis.call('HINCRBY', room, 'logSeq', recordsMargin)
  redis.call('HINCRBY', room, 'promised', units)
  redis.call('HINCRBY', room, 'outstanding', units)
  redis.call('HINCRBY', room, 'outstandingActive', admissions)
  redis.call('HSET', room, 'run', run, 'presenceSince', now, 'lookedAt', now,
    'outstandingUntil', text(math.max(till, int(fields.outstandingUntil))),
    'admitFrom', text(now + reassemblyMs))
  record('recovered', 'main', 0, text(int(fields.epoch) + 1))
  return readRoom()
end

-- The lobby of a lottery ends when the sale may begin, by whoever comes first then: who joins from
-- now on is not drawn (D8).
local function closeLobby(fields, state)
  local hasBegun = state == 'open' or state == 'sold_out'
    or state == 'paused' and now >= int(fields.startsAt)
  if not hasBegun or fields.mode ~= 'lottery' or fields.draws or fields.lobbyLast then
    return
  end
  redis.call('HSET', room, 'lobbyLast', fields.next,
    'lobbySeq', text(int(redis.call('HGET', room, 'logSeq')) + #records + 1))
  fields.lobbyLast = fields.next
  record('closed-lobby', 'main', 0, fields.next)
end
