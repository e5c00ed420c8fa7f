-- Purchase tokens that expired without a report, for a checkout to settle.
-- ARGV: [1] ms that must have passed since the expiry  [2] how many at most
-- Returns a flat list of jti, visitor, promise, number of the place.
local latest, limit = now - int(ARGV[1]), int(ARGV[2])
local found = redis.call('ZRANGEBYSCORE', tokens, '-inf', latest, 'LIMIT', 0, limit)
local flat = {}
for _, jti in ipairs(found) do
  local holder = redis.call('HGET', holders, jti) or ''
  local visitor, promise, number = holder:match('^(.*)|(%d+)|(%d+)$')
  flat[#flat + 1] = jti
  flat[#flat + 1] = visitor or ''
  flat[#flat + 1] = promise or 0
  flat[#flat + 1] = number or 0
end
return flat
