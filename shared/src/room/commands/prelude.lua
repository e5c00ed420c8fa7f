-- In front of every command of the room, with places.lua and admissions.lua behind it. KEYS: all
-- keys of the room, in the order of keys.ts.
local room, line, places, active, tokens, holders, holding = unpack(KEYS, 1, 7)
local given, stock, snapshot, marks, pulse, waits, seen, bound = unpack(KEYS, 8, 15)
local priority, log, draw, known, gone, addresses, passes, revoked = unpack(KEYS, 16, 23)
local revoking, appearance = KEYS[24], KEYS[25]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) -- the only clock; tests replace this line

local function serverRun() -- which start of which Redis this is
  return redis.call('INFO', 'server'):match('run_id:(%x+)') -- tests replace this line
end

local function int(text)
  return tonumber(text) or 0
end

local function text(value) -- whole numbers without an exponent, halves as they are
  return string.format('%.15g', value)
end

local function readRoom()
  local flat = redis.call('HGETALL', room)
  if #flat == 0 then
    return nil
  end
  local fields = {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
  end
  return fields
end

-- What happened is gathered here, and appended to the log by one command at the end (scripts.ts).
local records, stamp = {}, nil

-- `more`: what a record of this kind says beside (docs/draw.md).
local function record(kind, lane, number, more)
  stamp = stamp or text(now) .. ' '
  records[#records + 1] = stamp .. kind .. ' ' .. lane .. ' ' .. text(number)
    .. (more and ' ' .. more or '')
end

-- More than are joined between the last record that Postgres has and a loss of Redis.
local recordsMargin = 1000000

-- Of admissions.lua: whether it was asked already in this call.
local recover, isRunKnown

local function flushLog()
  if #records == 0 then
    return
  end
  -- Where Redis lost its last second, Postgres may have other records under the next numbers.
  local count = #records
  if not isRunKnown then
    recover(readRoom())
  end
  if #records > count then -- `recovered` stands at the jump
    table.insert(records, 1, table.remove(records))
  end
  local first = redis.call('HINCRBY', room, 'logSeq', #records) - #records + 1
  redis.call('RPUSH', log, text(first) .. ' ' .. #records .. '\n' .. table.concat(records, '\n'))
end

-- After each command: keys that were made since the close live no longer than the others.
local function endWithRoom()
  local ttl = redis.call('TTL', room)
  if ttl > 0 then
    for _, key in ipairs(KEYS) do
      redis.call('EXPIRE', key, ttl)
    end
  end
end

local function isSoldOut()
  local free, held, total = unpack(redis.call('HMGET', stock, 'free', 'held', 'total'))
  return int(total) > 0 and int(free) == 0 and int(held) == 0
end

local function saleState(fields)
  local startsAt, endsAt = int(fields.startsAt), int(fields.endsAt)
  if fields.phase == 'closed' or (endsAt > 0 and now >= endsAt) then
    return 'closed'
  elseif fields.phase == 'paused' then
    return 'paused'
  elseif fields.phase ~= 'open' and now < startsAt then
    return now >= startsAt - int(fields.lobbySeconds) * 1000 and 'lobby' or 'scheduled'
  end
  return isSoldOut() and 'sold_out' or 'open'
end

-- Presence is one bit by number in each span of a quarter of `abandonSeconds`.
local function seenWidth(fields)
  return math.max(1, math.ceil(int(fields.abandonSeconds) / 4))
end

local function seenKey(width, span)
  return seen .. ':' .. width .. ':' .. text(span)
end

local function markSeen(fields, number)
  local width = seenWidth(fields)
  local key = seenKey(width, math.floor(now / 1000 / width))
  redis.call('SETBIT', key, number, 1)
  redis.call('EXPIRE', key, width * 7)
end

-- Of at most a thousand places (Lua's unpack has a limit), by two commands.
local function markAllSeen(fields, numbers)
  if #numbers == 0 then
    return
  end
  local width = seenWidth(fields)
  local key = seenKey(width, math.floor(now / 1000 / width))
  local bits = {}
  for i, number in ipairs(numbers) do
    bits[i * 4 - 3], bits[i * 4 - 2], bits[i * 4 - 1], bits[i * 4] = 'SET', 'u1', text(number), 1
  end
  redis.call('BITFIELD', key, unpack(bits))
  redis.call('EXPIRE', key, width * 7)
end

-- Somebody can reach us. Longer than any present shopper's poll is apart since the last one:
-- nobody could, so nobody who is missing since then is absent (D3).
local function noteLook(fields)
  if now - int(fields.lookedAt) > int(fields.abandonSeconds) * 500 then
    redis.call('HSET', room, 'presenceSince', now)
  end
  redis.call('HSET', room, 'lookedAt', now)
end
