-- Tells a room that was made anew who has bought already: they have done with this sale.
-- ARGV: triples visitor, number, jti, of redemptions
-- Returns 'remembered', or 'no-room'.
if redis.call('EXISTS', room) == 0 then
  return 'no-room'
end
for i = 1, #ARGV, 3 do
  local visitor = ARGV[i]
  local p = readPlace(visitor)
  if p and p.state == 'admitted' then
    redis.call('HINCRBY', room, 'returned', p.promise)
  end
  if not p or p.state ~= 'done' then
    redis.call('ZREM', line, visitor)
    redis.call('ZREM', active, visitor)
    writePlace(visitor, { state = 'done', number = int(ARGV[i + 1]), admittedAt = now,
      jti = ARGV[i + 2] })
  end
end
return 'remembered'
