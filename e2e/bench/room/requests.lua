-- For wrk: one request for each line `ticket path` of a file, in turn, from a place in it on; the
-- ticket '-' is none. Lines are kept, and requests put together when they are sent: LuaJIT tells
-- strings apart by their beginning, middle and end, where requests are alike, and 100,000 of them
-- take it minutes. Arguments: method, the file or '-' for the address alone, lines to pass over
local tickets, paths, at = {}, {}, 0
local plain, shown = {}, {}

local function cut(form, marks)
  local parts, from = {}, 1
  for _, mark in ipairs(marks) do
    local first, last = form:find(mark, 1, true)
    parts[#parts + 1] = form:sub(from, first - 1)
    from = last + 1
  end
  parts[#parts + 1] = form:sub(from)
  return parts
end

function init(args)
  if args[2] == '-' then
    local only = wrk.format(args[1])
    request = function()
      return only
    end
    return
  end
  local headers = { Host = wrk.headers.Host }
  plain = cut(wrk.format(args[1], '/PATH', headers), { '/PATH' })
  headers.Authorization = 'Bearer TICKET'
  local form = wrk.format(args[1], '/PATH', headers)
  shown = cut(form, { '/PATH', 'TICKET' })
  for line in io.lines(args[2]) do
    tickets[#tickets + 1], paths[#paths + 1] = line:match('^(%S+) (%S+)$')
  end
  at = tonumber(args[3])
end

function request()
  local i = at % #tickets + 1
  at = at + 1
  if tickets[i] == '-' then
    return plain[1] .. paths[i] .. plain[2]
  end
  return shown[1] .. paths[i] .. shown[2] .. tickets[i] .. shown[3]
end
