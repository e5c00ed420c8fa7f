-- Notes that an admitted visitor takes the purchase token.
-- ARGV: [1] visitor  [2] ordinal that the jti was derived for  [3] jti
--       [4] thumbprint of the key in the ticket, which the token will name, or ''
-- Returns { outcome, number, ordinal, admittedAt, until, promise, place }, where outcome is
--   'issued' (the first time or again), 'ordinal' (ask with the one that is told), 'not-admitted',
--   'done', 'expired', 'left', 'revoked' or 'unknown'; 'key-needed' or 'other-key' where the
--   ticket's key is not that of the place. number is the one that is shown, place the place's own.
local fields = readRoom()
local p = fields and placeOrStanding(fields, ARGV[1])
if not p then
  return { 'unknown', 0, 0, 0, 0, 0, 0 }
end
local deadline = deadlineOf(fields, p)
local function reply(outcome)
  return { outcome, shownNumber(fields, p.number), p.ordinal, p.admittedAt, deadline, p.promise,
    p.number }
end
local keyFault = keyRefusal(ARGV[1], ARGV[4])
if keyFault then
  return reply(keyFault)
elseif p.state ~= 'done' and isRevoked(fields, ARGV[1], p.number) then
  return reply('revoked')
elseif p.state == 'waiting' or p.state == 'away' then
  return reply('not-admitted')
elseif p.state ~= 'admitted' and p.state ~= 'issued' then
  return reply(p.state)
elseif now >= deadline then
  return reply('expired')
elseif p.ordinal ~= int(ARGV[2]) then
  return reply('ordinal')
end
if p.state == 'admitted' and redis.call('HEXISTS', given, ARGV[3]) == 1 then
  -- A token of before Redis was emptied, and used up: the next one.
  p.ordinal = p.ordinal + 1
  writePlace(ARGV[1], p)
  return reply('ordinal')
end
keepKey(ARGV[1], ARGV[4])
if p.state == 'admitted' then
  p.state, p.jti = 'issued', ARGV[3]
  writePlace(ARGV[1], p)
  redis.call('ZADD', tokens, text(deadline), p.jti)
  setHolder(p.jti, ARGV[1], p.promise, p.number)
  redis.call('HINCRBY', room, 'issued', 1)
  record('issued', p.lane, p.number)
end
return reply('issued')
