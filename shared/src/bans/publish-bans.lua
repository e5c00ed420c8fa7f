-- Publishes the list of bans, unless one that was read later stands there already.
-- KEYS[1]  the list (`bansKey`)
-- ARGV[1]  its version    ARGV[2]  its text, which begins with the version
-- Returns 'published', or the version that stands there where it is not lower.
local beginning = redis.call('GETRANGE', KEYS[1], 0, 27)
local held = string.match(beginning, '^{"version":(%d+)')
if held and tonumber(held) >= tonumber(ARGV[1]) then
  return held
end
redis.call('SET', KEYS[1], ARGV[2])
return 'published'
