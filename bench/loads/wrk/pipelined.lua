-- Sixteen requests in one write.
local count = 16
init = function()
  local all = {}
  for i = 1, count do all[i] = wrk.format() end
  requests = table.concat(all)
end
request = function() return requests end
