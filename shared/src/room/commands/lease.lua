-- Renews the admission lease (D10): a checkout could commit a moment ago, so whoever is let in can
-- buy. No room admits anybody without one, from its beginning on (advance.lua).
-- ARGV: [1] ms from now on that the lease lasts; one that ends later already stays as it is
-- Returns 'leased', or 'no-room'.
local fields = readRoom()
if not fields then
  return 'no-room'
end
local till = math.max(now + int(ARGV[1]), int(fields.leaseUntil))
redis.call('HSET', room, 'leaseUntil', text(till))
return 'leased'
