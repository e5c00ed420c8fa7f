-- Part of advance.lua: whoever is no longer in line, or no longer admitted.

-- Admissions that ended: not taken in time goes back to the budget here; what was taken is
-- settled by a checkout, and only stops counting as active. Those whose time was given back stay.
local function endAdmissions(ended)
  local over, cells, kept = {}, {}, {}
  for i, saved in ipairs(redis.call('HMGET', places, unpack(ended))) do
    local visitor, p = ended[i], parsePlace(saved)
    local isAlive = p and (p.state == 'admitted' or p.state == 'issued')
    local deadline = isAlive and deadlineOf(fields, p) or 0
    if deadline > now then
      kept[#kept + 1] = text(deadline)
      kept[#kept + 1] = visitor
    else
      over[#over + 1] = visitor
    end
    if p and p.state == 'admitted' and deadline <= now then
      p.state = 'expired'
      cells[#cells + 1] = visitor
      cells[#cells + 1] = placeRecord(p)
      returned = returned + p.promise
      releaseAddress(fields, visitor)
      record('expired', p.lane, p.number)
      record('returned', p.lane, 0, text(p.promise))
    end
  end
  if #over > 0 then
    redis.call('ZREM', active, unpack(over))
  end
  if #kept > 0 then
    redis.call('ZADD', active, unpack(kept))
  end
  if #cells > 0 then
    redis.call('HSET', places, unpack(cells))
    redis.call('HINCRBY', room, 'expired', #cells / 2)
  end
end

local function expireAdmissions()
  local ended = redis.call('ZRANGEBYSCORE', active, '-inf', now, 'LIMIT', 0, admissionsMax)
  if #ended > 0 then
    endAdmissions(ended)
  end
  -- What was promised before Redis was emptied counts until those tokens have died.
  local open = int(fields.outstanding) + int(fields.outstandingActive)
  if open > 0 and now >= int(fields.outstandingUntil) then
    returned = returned + int(fields.outstanding)
    redis.call('HSET', room, 'outstanding', 0, 'outstandingActive', 0)
  end
end

-- Absence is judged only where the room has watched for long enough, and somebody can reach us.
local watchMs = int(fields.abandonSeconds) * 1000
local judges = now - int(fields.presenceSince) > watchMs
  and now - int(fields.lookedAt) <= watchMs / 2
local width = seenWidth(fields)
local span = math.floor(now / 1000 / width)

local function isPresent(number)
  for back = 0, 4 do
    if redis.call('GETBIT', seenKey(width, span - back), number) == 1 then
      return true
    end
  end
  return false
end

-- Takes visitors out of a lane. `list`: { visitor, number } each.
local function takeOut(lane, list, state_)
  if #list == 0 then
    return
  end
  local names, cells = {}, {}
  for i, one in ipairs(list) do
    names[i] = one[1]
  end
  redis.call('ZREM', lineOf[lane], unpack(names))
  for i, saved in ipairs(redis.call('HMGET', places, unpack(names))) do
    local p = parsePlace(saved) or { ordinal = 1 }
    p.state, p.number, p.lane = state_, list[i][2], lane
    cells[i * 2 - 1], cells[i * 2] = names[i], placeRecord(p)
    record(state_, lane, p.number)
    if state_ == 'revoked' then
      releaseAddress(fields, names[i])
    end
  end
  redis.call('HSET', places, unpack(cells))
  if state_ == 'away' then
    redis.call('HINCRBY', room, 'abandoned', #list)
  end
end

-- Ahead of everybody else stand those who were passed over and came back, where they stand is not
-- their number. A call looks at some thousands of them and goes on from there in the next one.
-- `what` names where it stands; returns whether the end was reached.
local function takeOutReturned(lane, state_, isOut, what)
  local cursor = what .. ':' .. lane
  local at, behind = int(fields[cursor]), '(' .. text(frontier[lane] + 1)
  for _ = 1, pagesMax do
    local found = redis.call('ZRANGEBYSCORE', lineOf[lane], '-inf', behind, 'LIMIT', at, outMax)
    local out = {}
    for i, saved in ipairs(#found > 0 and redis.call('HMGET', places, unpack(found)) or {}) do
      local p = parsePlace(saved)
      if p and isOut(p.number) then
        out[#out + 1] = { found[i], p.number }
      end
    end
    takeOut(lane, out, state_)
    at = at + #found - #out
    if #found < outMax then
      at = 0
      break
    end
  end
  if at ~= int(fields[cursor]) then
    redis.call('HSET', room, cursor, at)
  end
  return at == 0
end

local function isAbsent(number)
  return not isPresent(number)
end

-- Presence changes for the worse only where a span of time begins, or judging does: then all that
-- were known and are not seen any more are noted in `gone`, by a handful of commands.
local function judgePresence()
  if fields.judgedSpan == text(span) and (not judges or fields.judged == '1') then
    return
  end
  local present, lost = seen .. ':present', seen .. ':lost'
  local spans = {}
  for back = 0, 4 do
    spans[back + 1] = seenKey(width, span - back)
  end
  redis.call('BITOP', 'OR', present, unpack(spans))
  if judges then
    redis.call('BITOP', 'AND', lost, known, present)
    redis.call('BITOP', 'XOR', lost, known, lost)
    redis.call('BITOP', 'OR', gone, gone, lost)
    redis.call('BITOP', 'OR', known, present, present)
    for _, lane in ipairs(lanesOf(fields)) do
      takeOutReturned(lane, 'away', isAbsent, 'judgedUpTo')
    end
  else
    redis.call('BITOP', 'OR', known, known, present)
  end
  redis.call('DEL', present, lost)
  redis.call('HSET', room, 'judgedSpan', text(span), 'judged', judges and 1 or 0)
end

-- The first numbers in `gone`, which forgets them; whether there are more.
local function popGone()
  local numbers, byte = {}, 0
  while #numbers < outMax do
    local first = redis.call('BITPOS', gone, 1, byte)
    if first < 0 then
      redis.call('DEL', gone)
      return numbers, false
    end
    byte = math.floor(first / 8)
    local chunk = redis.call('GETRANGE', gone, byte, byte + 31)
    for i = 1, #chunk do
      local bits = chunk:byte(i)
      for at = 0, bits > 0 and 7 or -1 do
        if math.floor(bits / 2 ^ (7 - at)) % 2 == 1 then
          numbers[#numbers + 1] = (byte + i - 1) * 8 + at
        end
      end
    end
    redis.call('SETRANGE', gone, byte, string.rep('\0', #chunk))
  end
  return numbers, true
end

-- Returns whether some are left to the next call.
local function takeOutGone()
  if redis.call('EXISTS', gone) == 0 then
    return false
  elseif not judges then -- the gap began before all were taken out: nobody more is
    redis.call('BITOP', 'OR', known, known, gone)
    redis.call('DEL', gone)
    return false
  end
  local numbers, mayBeMore = popGone()
  local absent = {}
  for _, number in ipairs(numbers) do
    if not isPresent(number) then
      absent[#absent + 1] = { number, text(scoreOf(fields, number)) }
    end
  end
  for _, lane in ipairs(lanesOf(fields)) do
    local away = {}
    for _, one in ipairs(absent) do
      for _, visitor in ipairs(redis.call('ZRANGEBYSCORE', lineOf[lane], one[2], one[2])) do
        away[#away + 1] = { visitor, one[1] }
      end
    end
    takeOut(lane, away, 'away')
  end
  return mayBeMore
end

local function inRange(lane, from, to)
  local found = {}
  if not fields.draws then
    local flat = redis.call('ZRANGEBYSCORE', lineOf[lane], text(math.max(from, frontier[lane] + 1)),
      text(to), 'WITHSCORES', 'LIMIT', 0, outMax)
    for i = 1, #flat, 2 do
      found[#found + 1] = { flat[i], tonumber(flat[i + 1]) }
    end
    return found, #found < outMax
  end
  for number = from, math.min(to, from + outMax - 1) do
    local score = text(scoreOf(fields, number))
    for _, visitor in ipairs(redis.call('ZRANGEBYSCORE', lineOf[lane], score, score)) do
      found[#found + 1] = { visitor, number }
    end
  end
  return found, from + outMax > to
end

-- Returns whether some are left to the next call.
local function takeOutRevoked()
  local from, to = (redis.call('LINDEX', revoking, 0) or ''):match('^(%d+):(%d+)$')
  if not from then
    return false
  end
  local function isOut(number)
    return number >= int(from) and number <= int(to)
  end
  local isOver = true
  for _, lane in ipairs(lanesOf(fields)) do
    local isAtEnd = takeOutReturned(lane, 'revoked', isOut, 'revokedUpTo')
    local found, isLast = inRange(lane, int(from), math.min(int(to), int(fields.next)))
    takeOut(lane, found, 'revoked')
    isOver = isOver and isLast and isAtEnd
  end
  if isOver then
    redis.call('LPOP', revoking)
  elseif fields.draws then
    redis.call('LSET', revoking, 0, text(int(from) + outMax) .. ':' .. to)
  end
  return not isOver or redis.call('LLEN', revoking) > 0
end
