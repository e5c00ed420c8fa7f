-- Moves the frontier by what the rate, `maxActive` and the stock allow, and returns the
-- snapshot. Safe to call from anywhere, at any time, any number of times.
-- ARGV: [1] age in ms up to which the stored snapshot is given back as it is
-- Returns the snapshot as JSON (see snapshot.ts), or '' where there is no room.
local admissionsMax, scanMax, headMax, breakpoints = 2000, 4000, 500, 128
local fields = readRoom()
if not fields then
  return ''
end
local stored = redis.call('GET', snapshot)
-- A clock that was set back does not stop the line.
if stored and math.abs(now - int(fields.advancedAt)) < tonumber(ARGV[1]) then
  return stored
end
local state = saleState(fields)
local returned, promised = int(redis.call('HGET', room, 'returned')), int(fields.promised)
local frontier, admitted = int(fields.frontier), 0
-- Nobody is let in but while a checkout can commit (D10). The first lease of a room takes a moment:
-- that is no fault of ours to be told of yet.
local leaseUntil, firstLeaseMs = int(fields.leaseUntil), 3000
local isLeased = now < leaseUntil
local halted = not isLeased and state == 'open'
  and (leaseUntil > 0 or now - int(fields.createdAt) > firstLeaseMs)

-- Admissions that ended: not taken in time goes back to the budget here; what was taken is
-- settled by a checkout, and only stops counting as active.
local function expireAdmissions()
  local ended = redis.call('ZRANGEBYSCORE', active, '-inf', now, 'LIMIT', 0, admissionsMax)
  for _, visitor in ipairs(ended) do
    local p = readPlace(visitor)
    if p and p.state == 'admitted' then
      p.state = 'expired'
      writePlace(visitor, p)
      returned = returned + p.promise
      redis.call('HINCRBY', room, 'expired', 1)
    end
    redis.call('ZREM', active, visitor)
  end
  -- What was promised before Redis was emptied counts until those tokens have died.
  local open = int(fields.outstanding) + int(fields.outstandingActive)
  if open > 0 and now >= int(fields.outstandingUntil) then
    returned = returned + int(fields.outstanding)
    redis.call('HSET', room, 'outstanding', 0, 'outstandingActive', 0)
  end
end

local function refill()
  local perMs = int(fields.admitPerMinute) / 60000
  local burst = math.max(1, perMs * 1000)
  local passed = math.max(0, now - int(fields.refilledAt))
  return math.min(burst, int(fields.bucket) + perMs * passed)
end

-- Absence is judged only where the room has watched for long enough, and somebody can reach us.
local watchMs = int(fields.abandonSeconds) * 1000
local judges = now - int(fields.presenceSince) > watchMs
  and now - int(fields.lookedAt) <= watchMs / 2
local width = seenWidth(fields)
local span = math.floor(now / 1000 / width)

local function isPresent(number)
  if not judges then
    return true
  end
  for back = 0, 4 do
    if redis.call('GETBIT', seenKey(width, span - back), number) == 1 then
      return true
    end
  end
  return false
end

local function admit(visitor, number, score, p, promise)
  redis.call('ZREM', line, visitor)
  local till = now + int(fields.tokenSeconds) * 1000
  writePlace(visitor, { state = 'admitted', number = number, ordinal = p and p.ordinal or 1,
    admittedAt = now, till = till, promise = promise })
  redis.call('ZADD', active, till, visitor)
  promised = promised + promise
  admitted = admitted + 1
  frontier = math.max(frontier, math.floor(score))
end

local function noteWait(number, weight)
  local mark = redis.call('ZRANGEBYSCORE', marks, number, '+inf', 'LIMIT', 0, 1)[1]
  -- No mark: the number was given out since the last advance.
  local seconds = mark and math.max(0, (now - tonumber(mark)) / 1000) or 0
  local bucket = math.floor(math.log(1 + seconds) / math.log(1.15))
  redis.call('HINCRBY', waits, bucket, weight)
end

local function guard(budget)
  return fields.guaranteeStock ~= '1' or budget >= 1
end

local function admitFromHead(places_)
  local unitsMax = int(fields.maxUnitsPerShopper)
  local inLine = math.min(places_, redis.call('ZCARD', line))
  local scanned, sampled = 0, math.max(1, math.ceil(inLine / 100))
  while admitted < places_ and scanned < scanMax do
    local head = redis.call('ZRANGE', line, 0, math.min(199, places_ - admitted - 1), 'WITHSCORES')
    if #head == 0 then
      return
    end
    for i = 1, #head, 2 do
      local visitor, score = head[i], tonumber(head[i + 1])
      local p = readPlace(visitor)
      local number = p and p.number or score
      local budget = int(fields.units) - promised + returned
      scanned = scanned + 1
      if not guard(budget) or isUnsettled(p) then
        return
      elseif isPresent(number) then
        local promise = fields.guaranteeStock == '1' and math.min(unitsMax, budget) or unitsMax
        admit(visitor, number, score, p, promise)
        if admitted % sampled == 0 then
          noteWait(number, sampled)
        end
      else
        redis.call('ZREM', line, visitor)
        writePlace(visitor, { state = 'away', number = number, ordinal = p and p.ordinal or 1,
          jti = p and p.jti })
        redis.call('HINCRBY', room, 'abandoned', 1)
        frontier = math.max(frontier, math.floor(score))
      end
    end
  end
end

expireAdmissions()
local bucket = refill()
if state == 'open' and isLeased and now >= int(fields.admitFrom) then
  local free = int(fields.maxActive) - redis.call('ZCARD', active) - redis.call('ZCARD', holding)
    - int(redis.call('HGET', room, 'outstandingActive'))
  local count = math.min(math.floor(bucket + 1e-6), free, admissionsMax)
  if count > 0 then
    admitFromHead(count)
  end
end
local admittedTotal = int(fields.admitted) + admitted
redis.call('HSET', room, 'bucket', string.format('%.6f', bucket - admitted), 'refilledAt', now,
  'advancedAt', now, 'frontier', text(frontier), 'promised', text(promised),
  'returned', text(returned), 'admitted', text(admittedTotal))

-- The last minute, for rates; and when each number was given out, for waits.
local function notePulse()
  redis.call('ZADD', pulse, now, text(now) .. ':' .. int(fields.joined) .. ':' .. admittedTotal)
  redis.call('ZREMRANGEBYSCORE', pulse, '-inf', now - 65000)
  local last = redis.call('ZRANGE', marks, -1, -1, 'WITHSCORES')
  if int(last[2]) < int(fields.next) then
    redis.call('ZADD', marks, fields.next, text(now))
  end
  redis.call('ZREMRANGEBYSCORE', marks, '-inf', '(' .. text(frontier))
  local first = redis.call('ZRANGE', pulse, 0, 0)[1]
  local since, _, before = first:match('^(%d+):(%d+):(%d+)$')
  local minutes = (now - int(since)) / 60000
  return minutes > 0 and (admittedTotal - int(before)) / minutes or 0
end

local function positions(waiting)
  local headScores, breaks, last = {}, {}, 0
  local head = redis.call('ZRANGE', line, 0, headMax - 1, 'WITHSCORES')
  for i = 2, #head, 2 do
    local score = tonumber(head[i])
    headScores[#headScores + 1] = text(score - last)
    last = score
  end
  local step = math.max(1, math.ceil((waiting - headMax) / breakpoints))
  for rank = headMax + step - 1, waiting - 1, step do
    local at = redis.call('ZRANGE', line, rank, rank, 'WITHSCORES')
    breaks[#breaks + 1] = at[2] .. ':' .. rank
  end
  return table.concat(headScores, ','), table.concat(breaks, ',')
end

local function productStock()
  local flat, counts = redis.call('HGETALL', stock), {}
  for i = 1, #flat, 2 do
    if flat[i + 1]:find(':') then
      counts[#counts + 1] = flat[i] .. '=' .. flat[i + 1]
    end
  end
  return table.concat(counts, ',')
end

local perMinute = notePulse()
local waiting = redis.call('ZCARD', line)
local head, breaks = positions(waiting)
local free, held = unpack(redis.call('HMGET', stock, 'free', 'held'))
local result = cjson.encode({
  asOf = now, state = state, message = fields.message, frontier = frontier, waiting = waiting,
  last = int(fields.next), head = head, breaks = breaks, stock = productStock(),
  admitPerMinute = int(fields.admitPerMinute), admittedPerMinute = perMinute,
  unitsLeft = int(free), unitsHeld = int(held),
  budget = int(fields.units) - promised + returned, guaranteeStock = fields.guaranteeStock == '1',
  startsAt = int(fields.startsAt), endsAt = int(fields.endsAt),
  halted = halted, abandonSeconds = int(fields.abandonSeconds),
  tokenSeconds = int(fields.tokenSeconds),
  info = fields.info,
})
redis.call('SET', snapshot, result)
if redis.call('TTL', room) > 0 then
  redis.call('EXPIRE', snapshot, 172800)
end
return result
