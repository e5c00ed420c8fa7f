-- Tells where visitors stand, and changes nothing: who is only told of is not seen to be there.
-- ARGV: visitors, some hundreds.
-- Returns for each { state, number, score, until, lane }, where state is 'waiting' (score: where),
--   'away', 'admitted', 'issued', 'done', 'expired', 'left', 'revoked', or 'unknown' of whoever
--   this room has not heard of (it may have been emptied).
local fields = readRoom()

local function nobody()
  return { 'unknown', 0, '0', 0, 'main' }
end

local function standing(visitor)
  local p = fields and placeOrStanding(fields, visitor)
  if not p then
    return nobody()
  end
  local score, lane = standingOf(fields, visitor)
  lane = lane or p.lane
  if p.state ~= 'done' and isRevoked(fields, visitor, p.number) then
    return { 'revoked', p.number, '0', 0, lane }
  elseif score then
    return { 'waiting', p.number, text(score), 0, lane }
  end
  local state = hasExpired(fields, p) and 'expired' or p.state
  return { state, p.number, '0', deadlineOf(fields, p), lane }
end

local replies = {}
for i = 1, #ARGV do
  replies[i] = standing(ARGV[i])
end
return replies
