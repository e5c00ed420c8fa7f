-- Gives everybody who was in the lobby the rank that was drawn, some at a time (D8).
-- ARGV: [1] key of the draw  [2] entrants  [3] tables of its permutation, two bytes an entry
--       [4] half the bits of its domain  [5] how many places at most
-- Returns 'more' (call again), 'drawn' or 'no-room'.
local fields = readRoom()
if not fields then
  return 'no-room'
elseif fields.draws == 'drawn' then
  return 'drawn'
end
if not fields.draws then
  redis.call('SET', draw, ARGV[3])
  redis.call('HSET', room, 'draws', 'drawing', 'drawKey', ARGV[1], 'entrants', ARGV[2],
    'drawBits', ARGV[4], 'frontier', text(-drawnBase), 'frontierPriority', text(-drawnBase))
  fields = readRoom()
end
local entrants, limit, moved = int(fields.entrants), int(ARGV[5]), 0
for _, lane in ipairs({ 'main', 'priority' }) do
  -- Who has a rank already stands below 0.
  local found = redis.call('ZRANGEBYSCORE', lineOf[lane], 1, entrants, 'WITHSCORES',
    'LIMIT', 0, limit - moved)
  local ranked = {}
  for i = 1, #found, 2 do
    ranked[i] = text(scoreOf(fields, tonumber(found[i + 1])))
    ranked[i + 1] = found[i]
  end
  for from = 1, #ranked, 2000 do
    redis.call('ZADD', lineOf[lane], 'XX', unpack(ranked, from, math.min(#ranked, from + 1999)))
  end
  moved = moved + #found / 2
end
if moved >= limit then
  return 'more'
end
record('drawn', 'main', 0, text(entrants))
redis.call('HSET', room, 'draws', 'drawn')
redis.call('DEL', snapshot)
return 'drawn'
