-- Part of advance.lua: who is let in.

local function refill()
  local perMs = int(fields.admitPerMinute) / 60000
  if perMs == 0 then -- what was left of the rate before lets nobody in
    return 0
  end
  local burst = math.max(1, perMs * 1000)
  local passed = math.max(0, now - int(fields.refilledAt))
  return math.min(burst, int(fields.bucket) + perMs * passed)
end

local function noteWait(number, weight)
  local mark = redis.call('ZRANGEBYSCORE', marks, number, '+inf', 'LIMIT', 0, 1)[1]
  -- No mark: the number was given out since the last advance.
  local seconds = mark and math.max(0, (now - tonumber(mark)) / 1000) or 0
  local bucket = math.floor(math.log(1 + seconds) / math.log(1.15))
  redis.call('HINCRBY', waits, bucket, weight)
end

local unitsMax, isGuaranteed = int(fields.maxUnitsPerShopper), fields.guaranteeStock == '1'
local units, till = int(fields.units), now + int(fields.tokenSeconds) * 1000
local sampled = 1

-- What one admission may buy; 0: nothing is left to promise.
local function nextPromise()
  return isGuaranteed and math.min(unitsMax, units - promised + returned) or unitsMax
end

-- The record of a place that is let in, most of whose text is the same for all.
local nowText, tillText = text(now), text(till)
local function admittedRecord(number, ordinal, promise, flags)
  return 'admitted|' .. number .. '|' .. ordinal .. '|' .. nowText .. '|' .. tillText .. '|'
    .. promise .. '|' .. flags
end

-- Lets in from the head of a lane. Returns how many were let in, how many were looked at, and
-- whether more may be let in now.
local function admitSome(lane, count)
  -- Where only few are let in, more are looked at: those ahead of them may be gone.
  local last = math.max(100, count) - 1
  local head = redis.call('ZRANGE', lineOf[lane], 0, last, 'WITHSCORES')
  if #head == 0 then
    return 0, 0, false
  end
  local names, passed, done, isBlocked = {}, 0, 0, false
  for i = 1, #head, 2 do
    names[#names + 1] = head[i]
  end
  local cells, deadlines, told, away, dropped = {}, {}, {}, {}, {}
  local flags, logged = lane == 'priority' and '|p' or '', ' admitted ' .. lane .. ' '
  local isGonePending = judges and redis.call('EXISTS', gone) == 1
  for i, saved in ipairs(redis.call('HMGET', places, unpack(names))) do
    local visitor, score, p = names[i], tonumber(head[i * 2]), parsePlace(saved)
    local number = p and p.number or numberOf(fields, score)
    local promise = nextPromise()
    local isAway = isGonePending and not isPresent(number)
    if done == count or promise < 1 or not isAway and isUnsettled(p) then
      isBlocked = true
      break
    end
    passed = passed + 1
    frontier[lane] = math.max(frontier[lane], math.floor(score))
    if #ranges > 0 and isInRanges(ranges, number) then
      dropped[#dropped + 1] = { visitor, number }
    elseif isAway then
      away[#away + 1] = { visitor, number }
    else
      local name = (p or score < 0) and text(number) or head[i * 2]
      local ordinal = p and text(p.ordinal) or '1'
      promised, done = promised + promise, done + 1
      cells[done * 2 - 1] = visitor
      cells[done * 2] = admittedRecord(name, ordinal, promise, flags)
      deadlines[done * 2 - 1] = tillText
      deadlines[done * 2] = visitor
      told[done] = nowText .. logged .. name .. ' ' .. ordinal
      if (admitted + done) % sampled == 0 then
        noteWait(number, sampled)
      end
    end
  end
  takeOut(lane, away, 'away')
  takeOut(lane, dropped, 'revoked')
  -- After those who made way for them: the log is read in its order.
  for _, one in ipairs(told) do
    records[#records + 1] = one
  end
  if done > 0 then
    redis.call('ZREMRANGEBYRANK', lineOf[lane], 0, done - 1)
    redis.call('HSET', places, unpack(cells))
    redis.call('ZADD', active, unpack(deadlines))
  end
  admitted = admitted + done
  return done, passed, not isBlocked
end

-- As many as may be; where too many are gone for one call, the next one goes on (`isUnfinished`).
local isUnfinished = false
local function admitLane(lane, count)
  local done, scanned, mayMore = 0, 0, true
  while done < count and mayMore do
    if scanned >= 2 * admissionsMax then
      isUnfinished = true
      break
    end
    local some, passed
    some, passed, mayMore = admitSome(lane, count - done)
    done, scanned = done + some, scanned + passed
  end
  return done
end

-- Where both lanes wait, the priority lane gets its share; what one cannot use goes to the other.
local function admitBoth(count)
  local inMain, inPriority = redis.call('ZCARD', line), redis.call('ZCARD', priority)
  if inPriority == 0 then
    return admitLane('main', count)
  end
  local share, credit = tonumber(fields.priorityShare) or 0.5, tonumber(fields.laneCredit) or 0
  local mine = inMain == 0 and count or math.floor(credit + count * share + 1e-9)
  local first = admitLane('priority', math.min(mine, inPriority))
  local others = admitLane('main', count - first)
  local last = first + others < count and mine < count
    and admitLane('priority', count - first - others) or 0
  if inMain > 0 then
    credit = credit + (first + others) * share - first
    redis.call('HSET', room, 'laneCredit', text(math.max(0, math.min(1, credit))))
  end
  return first + others + last
end
