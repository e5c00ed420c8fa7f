-- Purchase tokens that expired without a report, for a checkout to settle.
-- ARGV: [1] ms that must have passed since the expiry  [2] how many at most
-- Returns a flat list of jti, visitor, promise.
local latest, limit = now - int(ARGV[1]), int(ARGV[2])
local found = redis.call('ZRANGEBYSCORE', tokens, '-inf', latest, 'LIMIT', 0, limit)
local flat = {}
for _, jti in ipairs(found) do
  local visitor, promise = (redis.call('HGET', holders, jti) or ''):match('^(.*)|(%d+)|%d+$')
  flat[#flat + 1] = jti
  flat[#flat + 1] = visitor or ''
  flat[#flat + 1] = promise or 0
end
return flat
