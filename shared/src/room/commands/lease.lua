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
-- A shorter gap goes unnoticed by anybody; how many are kept bounds what a deadline costs to read.
local gapMsMin, gapsMax, gapsKeptMs = 1000, 8, 2 * 3600000
local leaseUntil = int(fields.leaseUntil)
if leaseUntil > 0 and now - leaseUntil >= gapMsMin then
  local gaps = {}
  for from, till in (fields.gaps or ''):gmatch('(%d+):(%d+)') do
    if now - int(till) < gapsKeptMs then
      gaps[#gaps + 1] = from .. ':' .. till
    end
  end
  if #gaps < gapsMax then
    gaps[#gaps + 1] = text(leaseUntil - beatsMissedMs) .. ':' .. text(now)
    redis.call('HSET', room, 'gaps', table.concat(gaps, ','))
  end
end
local till = math.min(math.max(int(ARGV[1]), int(fields.leaseUntil)), now + leaseMsMax)
redis.call('HSET', room, 'leaseUntil', text(till))
return { 'leased', now }
