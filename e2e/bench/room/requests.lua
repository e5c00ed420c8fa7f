-- For wrk: one request for each line of a file, in turn, from a place in it on. Tickets are kept,
-- and requests put together when they are sent: LuaJIT tells strings apart by their beginning,
-- middle and end, where requests are alike, and 100,000 of them take it minutes.
-- Arguments: method, file of bearer tickets ('-': none), how many lines to pass over
local tickets, at, before, after = {}, 0, '', ''
function init(args)
  local headers = { Host = wrk.headers.Host, Authorization = 'Bearer TICKET' }
  local form = wrk.format(args[1], nil, headers)
  if args[2] == '-' then
    tickets[1], before = '', wrk.format(args[1])
    return
  end
  local from, to = form:find('TICKET', 1, true)
  before, after = form:sub(1, from - 1), form:sub(to + 1)
  for ticket in io.lines(args[2]) do
    tickets[#tickets + 1] = ticket
  end
  at = tonumber(args[3])
end
function request()
  at = at + 1
  return before .. tickets[(at - 1) % #tickets + 1] .. after
end
