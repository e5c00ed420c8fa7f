-- Notes that visitors are there, and tells where each of them stands. A valid ticket is the
-- place: a visitor whom the room does not know (it was emptied) is put back under the old number.
-- ARGV: fours visitor, number, ordinal, thumbprint of their key or '' (all from the ticket).
-- Returns for each { state, number, ordinal, score, admittedAt, until, promise }, where state is
--   'waiting' (score: where), 'admitted', 'issued', 'done', 'expired', 'left' or 'unknown'.
local fields = readRoom()
if not fields then
  local replies = {}
  for i = 1, #ARGV / 4 do
    replies[i] = { 'unknown', 0, 0, '0', 0, 0, 0 }
  end
  return replies
end
local isClosed = saleState(fields) == 'closed'
local function waiting(number, ordinal, score)
  markSeen(fields, number)
  return { 'waiting', number, ordinal, text(tonumber(score)), 0, 0, 0 }
end

local function look(visitor, number, ordinal)
  local score = redis.call('ZSCORE', line, visitor)
  local p = readPlace(visitor)
  p = not isForgotten(p, number) and p or nil
  if score then
    return waiting(p and p.number or tonumber(score), p and p.ordinal or 1, score)
  elseif not p then
    if isClosed then
      return { 'expired', number, ordinal, '0', 0, 0, 0 }
    end
    return waiting(number, ordinal, putBack(fields, visitor, number, ordinal))
  elseif p.state == 'away' then
    return waiting(p.number, p.ordinal, putBack(fields, visitor, p.number, p.ordinal, p.jti))
  end
  local state = hasExpired(p) and 'expired' or p.state
  return { state, p.number, p.ordinal, '0', p.admittedAt, p.till, p.promise }
end

noteLook(fields)
local replies = {}
for i = 1, #ARGV, 4 do
  if not isClosed then
    keepKey(ARGV[i], ARGV[i + 3]) -- a Redis that was emptied has it from the ticket again
  end
  replies[#replies + 1] = look(ARGV[i], int(ARGV[i + 1]), int(ARGV[i + 2]))
end
return replies
