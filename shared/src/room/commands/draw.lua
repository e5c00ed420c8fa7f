-- Gives everybody who was in the lobby the rank that was drawn, some at a time (D8). Each step is
-- two calls: the first names who has none yet, the second gives the ranks that the caller computed.
-- ARGV: [1] key of the draw  [2] entrants  [3] tables of its permutation, two bytes an entry
--       [4] half the bits of its domain  [5] how many places at most
--       [6..] in threes: a visitor, their number, the score of their rank
-- Returns visitors and their numbers in pairs; to a call with ranks 'more' (ask again); 'drawn'
--   once nobody is without a rank; 'no-room', also where another draw is under way.
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
  -- A room that was made anew since the lobby closed does not know of that: with it, whoever looks
  -- can finish a draw whose drawer died.
  redis.call('HSETNX', room, 'lobbyLast', ARGV[2])
  redis.call('HSETNX', room, 'lobbySeq', 0)
  fields = readRoom()
elseif fields.drawKey ~= ARGV[1] then -- nobody is ranked by two draws
  return 'no-room'
end

-- Who left and came back since the first call stands under another number, or has their rank.
local function giveRanks(lane, visitors)
  local ranked = {}
  for i, score in ipairs(redis.call('ZMSCORE', lineOf[lane], unpack(visitors))) do
    local at = 3 + i * 3
    if score == ARGV[at + 1] then
      ranked[#ranked + 1] = ARGV[at + 2]
      ranked[#ranked + 1] = visitors[i]
    end
  end
  if #ranked > 0 then
    redis.call('ZADD', lineOf[lane], 'XX', unpack(ranked))
  end
end

local entrants, limit = int(fields.entrants), int(ARGV[5])
local visitors = {}
for at = 6, #ARGV, 3 do
  visitors[#visitors + 1] = ARGV[at]
end
if #visitors > 0 then
  limit = 1
end
local unranked = {}
for _, lane in ipairs({ 'main', 'priority' }) do
  if #visitors > 0 then
    giveRanks(lane, visitors)
  end
  -- Who has a rank already stands below 0.
  local found = redis.call('ZRANGEBYSCORE', lineOf[lane], 1, entrants, 'WITHSCORES',
    'LIMIT', 0, limit - #unranked / 2)
  for _, one in ipairs(found) do
    unranked[#unranked + 1] = one
  end
end
if #unranked > 0 then
  return #visitors > 0 and 'more' or unranked
end
record('drawn', 'main', 0, text(entrants))
redis.call('HSET', room, 'draws', 'drawn')
redis.call('DEL', snapshot)
return 'drawn'
