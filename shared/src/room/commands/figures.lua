-- The room's live figures; changes nothing.
-- ARGV: none
-- Returns JSON: see roomFiguresSchema in room.ts; '' where there is no room.
local fields = readRoom()
if not fields then
  return ''
end
local function perMinute(total, index)
  local first = redis.call('ZRANGEBYSCORE', pulse, now - 60000, '+inf', 'LIMIT', 0, 1)[1]
  if not first then
    return 0
  end
  local parts = {}
  for part in first:gmatch('%d+') do
    parts[#parts + 1] = tonumber(part)
  end
  return total - parts[index]
end

local function oldestWaitSeconds()
  local oldest = 0
  for _, lane in ipairs(lanesOf(fields)) do
    local head = redis.call('ZRANGE', lineOf[lane], 0, 0, 'WITHSCORES')
    local number = head[2] and numberOf(fields, tonumber(head[2]))
    local mark = number
      and redis.call('ZRANGEBYSCORE', marks, text(number), '+inf', 'LIMIT', 0, 1)[1]
    oldest = math.max(oldest, mark and math.floor((now - tonumber(mark)) / 1000) or 0)
  end
  return oldest
end

-- What admissions may still buy, were all else forgotten now: of those alive, of those that are not
-- settled yet, and what an earlier loss left open.
local function alive()
  local carried, carriedUntil = int(fields.outstanding), int(fields.outstandingUntil)
  local isOpen = now < carriedUntil
  local count = redis.call('ZCARD', active) + redis.call('ZCOUNT', tokens, now - settledMs, now)
  local till = math.max(lastDeadline(), isOpen and carriedUntil or 0)
  return {
    admissions = count + (isOpen and int(fields.outstandingActive) or 0),
    units = carried + count * unitsMaxAlive(fields), ms = math.max(0, till - now),
  }
end

local inRoom = redis.call('ZCARD', active)
local joined, admitted = int(fields.joined), int(fields.admitted)
return cjson.encode({
  state = saleState(fields), revision = int(fields.revision),
  waiting = redis.call('ZCARD', line) + redis.call('ZCARD', priority), admitted = inRoom,
  active = inRoom + redis.call('ZCARD', holding),
  issued = int(fields.issued), redeemed = int(fields.redeemed), expired = int(fields.expired),
  left = int(fields.left), abandoned = int(fields.abandoned), joinedTotal = joined,
  admittedTotal = admitted, joinedPerMinute = perMinute(joined, 2),
  admittedPerMinute = perMinute(admitted, 3), oldestWaitSeconds = oldestWaitSeconds(),
  next = int(fields.next), frontier = int(fields.frontier),
  placesPerAddressMost = int(fields.addressMost),
  frontierPriority = int(fields.frontierPriority), epoch = int(fields.epoch),
  draw = fields.lobbyLast and { lobbyLast = int(fields.lobbyLast),
    lobbySeq = int(fields.lobbySeq), drawn = fields.draws == 'drawn' } or cjson.null,
  outstanding = math.max(0, int(fields.promised) - int(fields.returned)),
  units = int(fields.units), alive = alive(), admitPerMinute = int(fields.admitPerMinute),
  maxActive = int(fields.maxActive), tokenSeconds = int(fields.tokenSeconds),
  maxUnitsPerShopper = int(fields.maxUnitsPerShopper),
  waits = cjson.encode(redis.call('HGETALL', waits)),
  stock = cjson.encode(redis.call('HGETALL', stock)),
})
