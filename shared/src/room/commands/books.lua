-- What the room believes about tokens, orders and units, for a checkout to compare with Postgres;
-- changes nothing. Pages are bounded; a room with more open admissions is not summed up.
-- ARGV: [1] JSON {orders: [jti, ...], reports: [{kind, seq, jti, taken, returned}, ...], from,
--   limit}: orders that await payment, reports that are still in the outbox, and which page of the
--   room's own sets
-- Returns JSON, or '' where there is no room: {settles, mended, gone, redeemed, missing, unheard,
--   holding, tokens, stock}
--   gone     units that no longer can be had by the room's count; null: too many to sum up
--   missing  those of the orders that are not in `holding`
--   unheard  seq of those of the reports that the room has not taken yet
local openMax = 10000
local fields = readRoom()
if not fields then
  return ''
end
local ask = cjson.decode(ARGV[1])

-- Promises of admissions that are neither spent nor lapsed.
local function openPromises()
  local sum = 0
  for _, visitor in ipairs(redis.call('ZRANGE', active, 0, -1)) do
    local p = readPlace(visitor)
    sum = sum + (p and p.state == 'admitted' and p.promise or 0)
  end
  for _, jti in ipairs(redis.call('ZRANGE', tokens, 0, -1)) do
    sum = sum + (promiseOf(jti) or int(fields.maxUnitsPerShopper))
  end
  return sum + int(fields.late) + int(fields.outstanding)
end

local function isUnheard(report)
  local heard = readGiven(report.jti)
  if report.seq <= int(fields.settledFrom) then
    return false
  elseif isAgain(report.jti) then
    return report.seq > heard.seq
  elseif report.kind == 'ended' then -- a refund is the second of its order
    return not heard.isOver or heard.units < untaken(report) + report.returned
  end
  return report.kind ~= 'extended' and redis.call('HEXISTS', given, report.jti) == 0
end

local function filter(list, keep, shown)
  local found = {}
  for _, item in ipairs(list) do
    if keep(item) then
      found[#found + 1] = shown and shown(item) or item
    end
  end
  return found
end

local isLarge = redis.call('ZCARD', active) + redis.call('ZCARD', tokens) > openMax
local to = ask.from + ask.limit - 1
return cjson.encode({
  settles = int(fields.settles), mended = int(fields.mended), redeemed = int(fields.redeemed),
  gone = isLarge and cjson.null or int(fields.promised) - int(fields.returned) - openPromises(),
  missing = filter(ask.orders, function(jti)
    return not redis.call('ZSCORE', holding, jti)
  end),
  unheard = filter(ask.reports, isUnheard, function(report)
    return report.seq
  end),
  holding = redis.call('ZRANGE', holding, ask.from, to),
  tokens = redis.call('ZRANGE', tokens, ask.from, to),
  stock = cjson.encode(redis.call('HGETALL', stock)),
})
