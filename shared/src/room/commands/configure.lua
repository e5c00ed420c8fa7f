-- Sets what an admin decides, and makes the room where there is none (a new sale, or a Redis
-- that was emptied; then from what Postgres remembers).
-- ARGV: [1] revision; an older one than the room's changes nothing
--       [2] JSON of fields to set: name, mode, phase, startsAt, endsAt, info, units,
--           admitPerMinute, maxActive, tokenSeconds, abandonSeconds, lobbySeconds,
--           maxUnitsPerShopper, guaranteeStock (0|1), message
--       [3] JSON of free units; and to begin with (without it no room is made): next, frontier,
--           settledFrom, joined, admitted, issued, redeemed, expired, abandoned; outstanding units
--           that admissions of before may buy, outstandingActive of these, for outstandingMs; and
--           perhaps holding: [{jti, payBefore, units}, ...], the orders that await payment
-- Returns 'created', 'updated', 'kept' or 'no-room'.
local fields = readRoom()
local revision = tonumber(ARGV[1])
if fields and int(fields.revision) > revision then
  return 'kept'
end
local set = cjson.decode(ARGV[2])
local flat = { 'revision', ARGV[1] }
for name, value in pairs(set) do
  flat[#flat + 1] = name
  flat[#flat + 1] = type(value) == 'number' and text(value) or tostring(value)
end

local start = cjson.decode(ARGV[3])
if not fields and not start.next then
  return 'no-room'
end

-- A room that was lost admits nobody until those near the front have polled again (D4): at twelve
-- seconds' distance nobody within forty seconds of the front is still missing.
local reassemblyMs = 12000

local function begin()
  local promised = set.units - start.free + start.outstanding
  redis.call('HSET', room, 'presenceSince', now, 'lookedAt', now, 'bucket', 0, 'refilledAt', now,
    'createdAt', now, 'leaseUntil', 0, 'returned', 0, 'promised', promised, 'left', 0,
    'outstanding', start.outstanding, 'outstandingActive', start.outstandingActive,
    'outstandingUntil', text(now + start.outstandingMs),
    'admitFrom', text(start.next > 0 and now + reassemblyMs or now))
  local kept = { 'next', 'frontier', 'settledFrom', 'joined', 'admitted', 'issued', 'redeemed',
    'expired', 'abandoned' }
  for _, name in ipairs(kept) do
    redis.call('HSET', room, name, text(start[name]))
  end
  for _, order in ipairs(start.holding or {}) do
    redis.call('ZADD', holding, order.payBefore, order.jti)
    setHolder(order.jti, '', order.units, 0) -- counted in `promised` already
  end
  local mark = text(now) .. ':' .. text(start.joined) .. ':' .. text(start.admitted)
  redis.call('ZADD', pulse, now, mark)
end

local reply = 'updated'
if not fields then
  begin()
  reply = 'created'
elseif int(fields.admitted) == 0 and int(fields.outstanding) == 0
  and redis.call('HLEN', holders) == 0 then
  -- Nobody was promised anything yet: other products may have been chosen.
  redis.call('HSET', room, 'promised', text(set.units - start.free), 'returned', 0)
end
if fields and int(fields.maxUnitsPerShopper) > set.maxUnitsPerShopper then
  redis.call('HSET', room, 'unitsMaxBefore', unitsMaxAlive(fields),
    'unitsMaxBeforeUntil', text(lastDeadline() + settledMs))
end
if fields and fields.abandonSeconds ~= text(set.abandonSeconds) then
  -- Presence was noted in spans of another width: judge nobody by it.
  redis.call('HSET', room, 'presenceSince', now)
end
redis.call('HSET', room, unpack(flat))
redis.call('DEL', snapshot)
for _, key in ipairs(KEYS) do
  if set.phase == 'closed' then
    redis.call('EXPIRE', key, 172800)
  else
    redis.call('PERSIST', key)
  end
end
return reply
