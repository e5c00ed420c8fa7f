-- Gives an admitted visitor whom a fault of ours kept from buying their time back (D10): once.
-- ARGV: [1] visitor  [2] jti of the token that they could not spend  [3] how much in ms
-- Returns { outcome, until }: 'given', 'kept' (it was given before, or there is nothing to give to)
--   or 'no-room'.
local fields = readRoom()
if not fields then
  return { 'no-room', 0 }
end
local visitor, jti = ARGV[1], ARGV[2]
local p = readPlace(visitor)
if not p or p.state ~= 'issued' or p.jti ~= jti or not redis.call('ZSCORE', tokens, jti)
  or p.isCredited or deadlineOf(fields, p) > p.till or now >= p.till + graceMs then
  return { 'kept', p and deadlineOf(fields, p) or 0 }
end
p.till, p.isCredited = p.till + math.min(int(ARGV[3]), p.till - p.admittedAt), true
writePlace(visitor, p)
redis.call('ZADD', tokens, 'XX', text(p.till), jti)
redis.call('ZADD', active, 'XX', text(p.till), visitor)
return { 'given', p.till }
