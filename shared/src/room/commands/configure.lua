-- Sets what an admin decides, and makes the room where there is none (a new sale, or a Redis
-- that was emptied; then from what Postgres remembers).
-- ARGV: [1] revision; an older one than the room's changes nothing
--       [2] JSON of fields to set: name, mode, phase, startsAt, endsAt, info, units,
--           admitPerMinute, maxActive, tokenSeconds, abandonSeconds, lobbySeconds,
--           maxUnitsPerShopper, guaranteeStock (0|1), message, placesPerAddress (0: any number),
--           priorityShare; and revocations: JSON of [{id, visitor?, from?, to}, ...], each of which
--           acts once; and perhaps appearance: the text of its key
--       [3] JSON of free units; and to begin with (without it no room is made): next, frontier,
--           settledFrom, joined, admitted, issued, redeemed, expired, abandoned, epoch, logSeq;
--           outstanding units that admissions of before may buy, outstandingActive of these, for
--           outstandingMs; and perhaps holding: [{jti, payBefore, units}, ...], the orders that
--           await payment, passes: [[id, visitor], ...], the spent ones, and waits: {bucket: count}
--       [4] of a lottery that is drawn: key, [5] entrants, [6] tables, [7] half the bits (draw.lua)
-- Returns 'created', 'updated', 'kept' or 'no-room'.
local fields = readRoom()
local revision = tonumber(ARGV[1])
if fields and int(fields.revision) > revision then
  return 'kept'
end
local set = cjson.decode(ARGV[2])
local revocations = cjson.decode(set.revocations)
local ownAppearance = set.appearance
set.revocations, set.appearance = nil, nil
local flat = { 'revision', ARGV[1] }
for name, value in pairs(set) do
  flat[#flat + 1] = name
  flat[#flat + 1] = type(value) == 'number' and text(value) or tostring(value)
end

local start = cjson.decode(ARGV[3])
if not fields and not start.next then
  return 'no-room'
end

local function begin()
  local promised = set.units - start.free + start.outstanding
  redis.call('HSET', room, 'presenceSince', now, 'lookedAt', now, 'bucket', 0, 'refilledAt', now,
    'createdAt', now, 'leaseUntil', 0, 'returned', 0, 'promised', promised, 'left', 0,
    'outstanding', start.outstanding, 'outstandingActive', start.outstandingActive,
    'outstandingUntil', text(now + start.outstandingMs), 'run', serverRun(),
    'bought', 0,
    'sharesAt', table.concat({ 0, start.redeemed + start.expired, start.abandoned,
      start.admitted }, ':'), 'frontierPriority', text(start.frontierPriority),
    'admitFrom', text(start.next > 0 and now + reassemblyMs or now))
  local kept = { 'next', 'frontier', 'settledFrom', 'joined', 'admitted', 'issued', 'redeemed',
    'expired', 'abandoned', 'epoch', 'logSeq' }
  for _, name in ipairs(kept) do
    redis.call('HSET', room, name, text(start[name]))
  end
  for _, order in ipairs(start.holding or {}) do
    redis.call('ZADD', holding, order.payBefore, order.jti)
    setHolder(order.jti, '', order.units, 0) -- counted in `promised` already
  end
  for bucket, count in pairs(start.waits or {}) do
    redis.call('HSET', waits, bucket, text(count))
  end
  for _, pass in ipairs(start.passes or {}) do
    redis.call('HSET', passes, pass[1], pass[2])
  end
  if #(start.passes or {}) > 0 then
    redis.call('HSET', room, 'hasPriority', 1)
  end
  if ARGV[4] ~= '' then
    redis.call('SET', draw, ARGV[6])
    redis.call('HSET', room, 'draws', 'drawn', 'drawKey', ARGV[4], 'entrants', ARGV[5],
      'drawBits', ARGV[7], 'lobbyLast', ARGV[5], 'lobbySeq', 0,
      'next', text(math.max(start.next, int(ARGV[5]))))
    for _, name in ipairs({ 'frontier', 'frontierPriority' }) do
      if start[name] == 0 then -- noted before the draw
        redis.call('HSET', room, name, text(-drawnBase))
      end
    end
  end
  if start.next > 0 or start.logSeq > 0 then
    record('recovered', 'main', 0, text(start.epoch))
    if ARGV[4] ~= '' then
      record('drawn', 'main', 0, ARGV[5])
    end
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
if ownAppearance then
  redis.call('SET', appearance, ownAppearance)
else
  redis.call('DEL', appearance)
end
redis.call('DEL', snapshot)
fields = readRoom()

-- What is alive of the revoked places; tickets of theirs are refused by number from now on.
local function endRevoked(visitor, number)
  local p = placeOrStanding(fields, visitor)
  local isAlive = p and p.state ~= 'done' and p.state ~= 'left' and p.state ~= 'expired'
    and p.state ~= 'revoked'
  if isAlive and p.number <= number then
    endPlace(fields, visitor, p, 'revoked')
  end
end

local function revokeRange(from, to)
  fields.revoked = (fields.revoked and fields.revoked ~= '' and fields.revoked .. ',' or '')
    .. text(from) .. '-' .. text(to)
  redis.call('HSET', room, 'revoked', fields.revoked)
  -- Those who may buy now; who waits is taken out of the line by and by (advance.lua).
  for _, visitor in ipairs(redis.call('ZRANGE', active, 0, -1)) do
    local p = readPlace(visitor)
    if p and p.number >= from and p.number <= to then
      endRevoked(visitor, p.number)
    end
  end
  redis.call('RPUSH', revoking, text(from) .. ':' .. text(to))
end

local function revoke(one)
  if redis.call('HSETNX', revoked, one.id, '') == 0 then
    return
  elseif one.visitor then
    redis.call('HSET', revoked, 'v:' .. one.visitor, text(one.to))
    redis.call('HSET', room, 'revokedOne', 1)
    fields.revokedOne = '1'
    endRevoked(one.visitor, one.to)
  else
    revokeRange(one.from, one.to)
  end
end

for _, one in ipairs(revocations) do
  revoke(one)
end
for _, key in ipairs(KEYS) do
  if set.phase == 'closed' then
    redis.call('EXPIRE', key, 172800)
  else
    redis.call('PERSIST', key)
  end
end
return reply
