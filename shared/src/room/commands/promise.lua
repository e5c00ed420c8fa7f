-- Takes units of the budget for an order that is bought again with late money (D7): first the
-- budget, then the unit. Repeatable: a key that has its promise is told so again.
-- ARGV: [1] key, `again:<order>`  [2] units
-- Returns 'promised'; 'none' where the budget is too small or the promise is over; or 'no-room'.
-- It comes back by a report of that key: see `settle.lua`, 'bought' and 'ended'.
local fields = readRoom()
if not fields then
  return 'no-room'
end
fields = recover(fields) -- what was lost in a last second is promised too
local key, units = ARGV[1], int(ARGV[2])
if redis.call('HEXISTS', holders, key) == 1 or redis.call('HEXISTS', given, key) == 1 then
  return readGiven(key).isOver and 'none' or 'promised'
end
local budget = int(fields.units) - int(fields.promised) + int(fields.returned)
if fields.guaranteeStock == '1' and budget < units then
  return 'none'
end
redis.call('HINCRBY', room, 'promised', units)
redis.call('HINCRBY', room, 'late', units)
setHolder(key, '', units, 0)
return 'promised'
