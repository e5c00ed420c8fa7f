-- Purchase tokens that expired without a report, for a checkout to settle.
-- ARGV: [1] ms that must have passed since the expiry  [2] how many at most
-- Returns a flat list of jti, visitor, promise.
local latest, limit = now - int(ARGV[1]), int(ARGV[2])
local found = redis.call('ZRANGEBYSCORE', tokens, '-inf', latest, 'LIMIT', 0, limit)
local flat = {}
for _, jti in ipairs(found) do
  local visitor = redis.call('HGET', holders, jti) or ''
  local p = readPlace(visitor)
  flat[#flat + 1] = jti
  flat[#flat + 1] = visitor
  flat[#flat + 1] = p and p.promise or 0
end
return flat
