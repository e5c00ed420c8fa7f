-- Ends a place by its shopper's wish. What was admitted and not taken goes back to the budget; a
-- token that was taken is due at once: a checkout settles it, as spent or as lapsed.
-- ARGV: [1] visitor  [2] number  [3] ordinal  [4] thumbprint of their key or ''  [5] lane, from the
--   ticket
-- Returns 'left', 'kept' (it had ended before), 'revoked' or 'unknown'; 'key-needed' or 'other-key'
--   where the ticket's key is not the place's.
local fields = readRoom()
if not fields then
  return 'unknown'
end
local visitor = ARGV[1]
local keyFault = keyRefusal(visitor, ARGV[4])
if keyFault then
  return keyFault
end
keepKey(visitor, ARGV[4])
-- The ticket may be of an earlier place; it counts where the room knows of none, or of one before.
local number, p = int(ARGV[2]), placeOrStanding(fields, visitor)
if not p or isForgotten(p, number) then
  p = { state = 'waiting', number = number, ordinal = int(ARGV[3]), admittedAt = 0, lane = ARGV[5] }
end
if p.state ~= 'done' and isRevoked(fields, visitor, p.number) then
  return 'revoked'
elseif p.state == 'done' or p.state == 'expired' or p.state == 'left' then
  return 'kept'
end
endPlace(fields, visitor, p, 'left')
redis.call('HINCRBY', room, 'left', 1)
return 'left'
