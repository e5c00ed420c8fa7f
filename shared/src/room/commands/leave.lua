-- Ends a place by its shopper's wish. What was admitted and not taken goes back to the budget; a
-- token that was taken is due at once: a checkout settles it, as spent or as lapsed.
-- ARGV: [1] visitor  [2] number  [3] ordinal  [4] thumbprint of their key or '', from the ticket
-- Returns 'left', 'kept' (it had ended before), or 'unknown'; 'key-needed' or 'other-key' where
--   the ticket's key is not the place's.
if redis.call('EXISTS', room) == 0 then
  return 'unknown'
end
local visitor = ARGV[1]
local keyFault = keyRefusal(visitor, ARGV[4])
if keyFault then
  return keyFault
end
keepKey(visitor, ARGV[4])
local p = readPlace(visitor) or { state = 'waiting', number = int(ARGV[2]),
  ordinal = int(ARGV[3]), admittedAt = 0 }
if p.state == 'done' or p.state == 'expired' or p.state == 'left' then
  return 'kept'
end
redis.call('ZREM', line, visitor)
if p.state == 'admitted' then
  redis.call('ZREM', active, visitor)
  redis.call('HINCRBY', room, 'returned', p.promise)
elseif p.state == 'issued' then
  redis.call('ZADD', tokens, 'XX', 0, p.jti)
end
p.state = 'left'
writePlace(visitor, p)
redis.call('HINCRBY', room, 'left', 1)
return 'left'
