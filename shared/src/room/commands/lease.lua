-- Renews the admission lease (D10): a checkout could commit a moment ago, so whoever is let in can
-- buy. No room admits anybody without one, from its beginning on (advance.lua).
-- ARGV: [1] until when in ms, by this clock: a lease that comes late (Redis was frozen) lasts no
--   longer for it. One that ends later already stays as it is
-- Returns { 'leased' or 'no-room', this clock in ms }.
local leaseMsMax = 2500 -- `leaseMs` of the checkout; longer ones come of a clock that was set back
local fields = readRoom()
if not fields then
  return { 'no-room', now }
end
local till = math.min(math.max(int(ARGV[1]), int(fields.leaseUntil)), now + leaseMsMax)
redis.call('HSET', room, 'leaseUntil', text(till))
return { 'leased', now }
