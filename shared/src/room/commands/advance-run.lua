-- Part of advance.lua: the advance itself, and the snapshot.

closeLobby(fields, state)
if state == 'open' and fields.opened ~= '1' then
  redis.call('HSET', room, 'opened', 1)
  record('opened', 'main', 0)
end
expireAdmissions()
if fields.draws ~= 'drawing' then -- half of them stand where they are not looked for
  isUnfinished = takeOutRevoked()
  judgePresence()
  isUnfinished = takeOutGone() or isUnfinished
end
local bucket, due = refill(), 0
if state == 'open' and isLeased and not isUndrawn and now >= int(fields.admitFrom) then
  local free = int(fields.maxActive) - redis.call('ZCARD', active) - redis.call('ZCARD', holding)
    - int(redis.call('HGET', room, 'outstandingActive'))
  due = math.min(math.floor(bucket + 1e-6), free)
  local count = math.min(due, admissionsMax)
  if count > 0 then
    local inLine = redis.call('ZCARD', line) + redis.call('ZCARD', priority)
    sampled = math.max(1, math.ceil(math.min(count, inLine) / 20))
    admitBoth(count)
  end
end
local more = isUnfinished or due > admissionsMax and admitted == admissionsMax
admittedTotal = admittedTotal + admitted
redis.call('HSET', room, 'bucket', string.format('%.6f', bucket - admitted), 'refilledAt', now,
  'advancedAt', now, 'frontier', text(frontier.main), 'frontierPriority', text(frontier.priority),
  'promised', text(promised), 'returned', text(returned), 'admitted', text(admittedTotal),
  'more', more and 1 or 0)
if more and ARGV[2] ~= '1' then
  return 'more'
end

notePulse()
local perMinute, pace = measuredPace()
local buyShare, absentShare = measuredShares()
local waiting = redis.call('ZCARD', line)
local head, breaks = positions('main', waiting)
local free, held = unpack(redis.call('HMGET', stock, 'free', 'held'))
local result = {
  asOf = now, state = state, message = fields.message, frontier = frontier.main, waiting = waiting,
  last = int(fields.next), head = head, breaks = breaks, stock = productStock(),
  admitPerMinute = int(fields.admitPerMinute), admittedPerMinute = perMinute, pace = pace,
  buyShare = buyShare, absentShare = absentShare,
  unitsLeft = int(free), unitsHeld = int(held),
  budget = int(fields.units) - promised + returned, guaranteeStock = isGuaranteed,
  startsAt = int(fields.startsAt), endsAt = int(fields.endsAt),
  lobbySeconds = int(fields.lobbySeconds),
  halted = halted, abandonSeconds = int(fields.abandonSeconds),
  tokenSeconds = int(fields.tokenSeconds), revoked = fields.revoked or '',
  epoch = int(fields.epoch), info = fields.info,
}
if fields.hasPriority == '1' then
  local inPriority = redis.call('ZCARD', priority)
  local first, marked = positions('priority', inPriority)
  result.priority = { frontier = frontier.priority, waiting = inPriority, head = first,
    breaks = marked, share = tonumber(fields.priorityShare) or 0.5 }
end
if fields.draws == 'drawn' then
  result.drawn = { key = fields.drawKey, entrants = int(fields.entrants) }
end
local json = cjson.encode(result)
redis.call('SET', snapshot, json)
return json
