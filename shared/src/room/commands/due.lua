-- Purchase tokens that expired without a report, for a checkout to settle. Those whose time was
-- given back (D10) are put off.
-- ARGV: [1] ms that must have passed since the expiry  [2] how many at most
-- Returns a flat list of jti, visitor, promise, number of the place.
local latest, limit = now - int(ARGV[1]), int(ARGV[2])
local fields = readRoom()
if not fields then
  return {}
end
local late = redis.call('ZRANGEBYSCORE', tokens, '-inf', latest, 'WITHSCORES', 'LIMIT', 0, limit)

local function isPutOff(jti, score, visitor)
  local p = readPlace(visitor)
  local deadline = p and p.jti == jti and p.state == 'issued' and deadlineOf(fields, p) or score
  if score == 0 or deadline <= score then
    return false
  end
  redis.call('ZADD', tokens, 'XX', text(deadline), jti)
  return deadline > latest
end

local flat = {}
for i = 1, #late, 2 do
  local jti = late[i]
  local holder = redis.call('HGET', holders, jti) or ''
  local visitor, promise, number = holder:match('^(.*)|(%d+)|(%d+)$')
  if not isPutOff(jti, tonumber(late[i + 1]), visitor or '') then
    flat[#flat + 1] = jti
    flat[#flat + 1] = visitor or ''
    flat[#flat + 1] = promise or 0
    flat[#flat + 1] = number or 0
  end
end
return flat
