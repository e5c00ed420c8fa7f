-- Moves the frontier by what the rate, `maxActive` and the stock allow, and returns the
-- snapshot. Safe to call from anywhere, at any time, any number of times.
-- ARGV: [1] age in ms up to which the stored snapshot is given back as it is
--       [2] '1': the snapshot is wanted, though more may be let in at once than one call does
-- Returns the snapshot as JSON (see snapshot.ts), or 'more' where the next call is due at once; ''
--   where there is no room.
-- Its parts follow in this order: advance-out, advance-in, advance-measure, advance-run
-- (scripts.ts).
local admissionsMax, headMax, breakpoints = 125, 500, 128
-- Places that are taken out of the line by one call: gone or revoked ones.
local outMax = 250
-- Pages of as many, of those behind the frontier that one call looks at.
local pagesMax = 8
local fields = readRoom()
if not fields then
  return ''
end
local stored = redis.call('GET', snapshot)
-- Where one call could not let in all that are due, the next one does so at once.
local ageMsMax = fields.more == '1' and 0 or tonumber(ARGV[1])
-- A clock that was set back does not stop the line.
if stored and math.abs(now - int(fields.advancedAt)) < ageMsMax then
  return stored
end
fields = recover(fields)
local state = saleState(fields)
local returned, promised = int(fields.returned), int(fields.promised)
local frontier = { main = int(fields.frontier), priority = int(fields.frontierPriority) }
local admitted, admittedTotal = 0, int(fields.admitted)
local ranges = rangesOf(fields)
-- Nobody is let in but while a checkout can commit (D10). The first lease of a room takes a moment:
-- that is no fault of ours to be told of yet.
local leaseUntil, firstLeaseMs = int(fields.leaseUntil), 3000
local isLeased = now < leaseUntil
local halted = not isLeased and state == 'open'
  and (leaseUntil > 0 or now - int(fields.createdAt) > firstLeaseMs)
local isUndrawn = fields.mode == 'lottery' and fields.draws ~= 'drawn'
