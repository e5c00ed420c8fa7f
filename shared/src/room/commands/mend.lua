-- Corrects what the room counted wrongly by what Postgres says (books.lua read the difference).
-- ARGV: [1] `mended` as books.lua told it: where it is another by now, somebody else was faster
--       [2] units that are gone and were not counted; below 0: counted, and not gone
--       [3] redemptions that were not counted; below 0: counted too often
-- Returns 'mended', 'stale' or 'no-room'.
local fields = readRoom()
if not fields then
  return 'no-room'
elseif int(fields.mended) ~= int(ARGV[1]) then
  return 'stale'
end
local units = int(ARGV[2])
redis.call('HINCRBY', room, 'mended', 1)
redis.call('HINCRBY', room, units > 0 and 'promised' or 'returned', math.abs(units))
redis.call('HINCRBY', room, 'redeemed', int(ARGV[3]))
return 'mended'
