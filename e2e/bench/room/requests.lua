-- For wrk: one request for each line of a file, in turn, from a place in it on.
-- Arguments: method, file of bearer tickets ('-': none), how many lines to pass over
local requests, at = {}, 0
function init(args)
  if args[2] == '-' then
    requests[1] = wrk.format(args[1])
    return
  end
  for ticket in io.lines(args[2]) do
    requests[#requests + 1] = wrk.format(args[1], nil, { Authorization = 'Bearer ' .. ticket })
  end
  at = tonumber(args[3])
end
function request()
  at = at + 1
  return requests[(at - 1) % #requests + 1]
end
