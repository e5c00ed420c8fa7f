-- Gives an admitted visitor whom a fault of ours kept from buying their time back (D10): once, and
-- never more than they had at first. Of this and the time that all were given the larger counts.
-- ARGV: [1] visitor  [2] jti of the token that they could not spend  [3] how much in ms
-- Returns { outcome, until }: 'given', 'kept' (it was given before, or there is nothing to give to)
--   or 'no-room'.
local fields = readRoom()
if not fields then
  return { 'no-room', 0 }
end
local visitor, jti, ms = ARGV[1], ARGV[2], int(ARGV[3])
local p = readPlace(visitor)
if not p then
  return { 'kept', 0 }
end
local deadline = deadlineOf(fields, p)
local till = math.min(p.till + ms, now + p.till - p.admittedAt)
local isAlive = p.state == 'issued' and p.jti == jti and redis.call('ZSCORE', tokens, jti)
  and now < deadline
if not isAlive or p.credit > 0 or till <= deadline then
  return { 'kept', deadline }
end
p.till, p.credit = till, till - p.till
writePlace(visitor, p)
redis.call('ZADD', tokens, 'XX', text(till), jti)
redis.call('ZADD', active, text(till), visitor)
return { 'given', till }
