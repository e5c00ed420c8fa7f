-- Part of advance.lua: what is measured, and how the line is told.

-- The last minute, for rates; and when each number was given out, for waits.
local function notePulse()
  redis.call('ZADD', pulse, now, text(now) .. ':' .. int(fields.joined) .. ':' .. admittedTotal)
  redis.call('ZREMRANGEBYSCORE', pulse, '-inf', now - 65000)
  local last = redis.call('ZRANGE', marks, -1, -1, 'WITHSCORES')
  if int(last[2]) < int(fields.next) then
    redis.call('ZADD', marks, fields.next, text(now))
  end
  if frontier.main > 0 and fields.hasPriority ~= '1' then
    redis.call('ZREMRANGEBYSCORE', marks, '-inf', '(' .. text(frontier.main))
  end
end

-- When it was, and how many had been admitted then: at the first advance since a moment.
local function pulseAt(ms)
  local at, before = (redis.call('ZRANGEBYSCORE', pulse, text(ms), '+inf', 'LIMIT', 0, 1)[1] or '')
    :match('^(%d+):%d+:(%d+)$')
  return int(at), int(before)
end

-- Admissions in a minute: over the last one, and in the slowest and fastest of its six windows,
-- which begin with the sale.
local function measuredPace()
  local since, before = pulseAt(0)
  local perMinute = now > since and (admittedTotal - before) * 60000 / (now - since) or 0
  local low, high = nil, nil
  local later, afterwards = now, admittedTotal
  for windows = 1, 6 do
    local from = now - windows * 10000
    if from < int(fields.startsAt) or from < since then
      break
    end
    local at, count = pulseAt(from)
    if later > at then
      local rate = (afterwards - count) * 60000 / (later - at)
      low, high = math.min(low or rate, rate), math.max(high or rate, rate)
    end
    later, afterwards = at, count
  end
  return perMinute, low and { low = low, high = high } or cjson.null
end

-- A share that follows what happened since the last advance, the more the more did. `first`: what
-- it was before anything did.
local function followed(share, first, part, whole, weightFull)
  if whole <= 0 then
    return share
  end
  local before = share or first
  return before + (part / whole - before) * math.min(1, whole / weightFull)
end

-- Units bought for each admission that ended, and who was gone before their turn.
local function measuredShares()
  local ends, absent = unpack(redis.call('HMGET', room, 'expired', 'abandoned'))
  ends, absent = int(ends) + int(fields.redeemed), int(absent) + int(fields.left)
  local bought, was = int(fields.bought), {}
  for count in (fields.sharesAt or '0:0:0:0'):gmatch('%d+') do
    was[#was + 1] = int(count)
  end
  local buy = followed(tonumber(fields.buyShare), 1, bought - was[1], ends - was[2], 50)
  local gone_ = absent - was[3]
  local passed = gone_ + admittedTotal - was[4]
  local away = followed(tonumber(fields.absentShare), 0, gone_, passed, 100)
  redis.call('HSET', room, 'sharesAt', table.concat({ bought, ends, absent, admittedTotal }, ':'))
  if buy then
    redis.call('HSET', room, 'buyShare', text(buy))
  end
  if away then
    redis.call('HSET', room, 'absentShare', text(away))
  end
  return buy or cjson.null, away or 0
end

local function positions(lane, waiting)
  local headScores, breaks, last = {}, {}, 0
  if isUndrawn then -- nobody stands anywhere yet
    return '', ''
  end
  local head = redis.call('ZRANGE', lineOf[lane], 0, headMax - 1, 'WITHSCORES')
  local steps = setmetatable({}, { __index = function(known_, step)
    known_[step] = text(step)
    return known_[step]
  end })
  for i = 2, #head, 2 do
    local score = tonumber(head[i])
    headScores[i / 2] = steps[score - last]
    last = score
  end
  local step = math.max(1, math.ceil((waiting - headMax) / breakpoints))
  for rank = headMax + step - 1, waiting - 1, step do
    local at = redis.call('ZRANGE', lineOf[lane], rank, rank, 'WITHSCORES')
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
