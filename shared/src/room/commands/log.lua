-- Forgets records of the log that are in Postgres, and gives the next ones.
-- ARGV: [1] up to which seq  [2] how many are enough
-- Returns what each command appended, oldest first: `first count`, and so many lines
--   `at kind lane number more` behind it, whose seq are first, first + 1, ... (docs/draw.md).
local upTo, enough, step = int(ARGV[1]), int(ARGV[2]), 50

local function spanOf(block)
  local first, count = block:match('^(%d+) (%d+)')
  return int(first), int(count)
end

local function countForgotten(blocks)
  for i, block in ipairs(blocks) do
    local first, count = spanOf(block)
    if first + count - 1 > upTo then
      return i - 1
    end
  end
  return #blocks
end

repeat
  local forgotten = countForgotten(redis.call('LRANGE', log, 0, step - 1))
  if forgotten > 0 then
    redis.call('LTRIM', log, forgotten, -1)
  end
until forgotten < step

local given_, found = 0, {}
repeat
  local blocks = redis.call('LRANGE', log, #found, #found + step - 1)
  for _, block in ipairs(blocks) do
    if given_ < enough then
      local _, count = spanOf(block)
      given_ = given_ + count
      found[#found + 1] = block
    end
  end
until #blocks < step or given_ >= enough
return found
