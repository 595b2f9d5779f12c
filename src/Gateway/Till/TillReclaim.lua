-- Lowers the budgets of an epoch by what older epochs gave back: its seeds count all that they could have spent. May be run twice or late.
-- KEYS[1]  the organization's hash, see Admission.lua
-- ARGV[1]  epoch   ARGV[2]  given back since it was opened, all in all, nano-dollars
-- returns  {1} when budgets are lowered by it, now or earlier; {0} when the till is not of that epoch, or not yet
local packed = redis.call('HGET', KEYS[1], 'seeded')
local seeded = packed and cmsgpack.unpack(packed)
local before, after = seeded and seeded[2], tonumber(ARGV[2])
if not seeded or seeded[1] ~= tonumber(ARGV[1]) then
  return { 0 }
elseif before >= after then
  return { 1 }
end
local raised = {}
for i = 1, #seeded[5], 2 do
  raised[seeded[5][i]] = seeded[5][i + 1]
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local field = all[i]
  if string.sub(field, 1, 2) == 'g:' then
    local period, spent, held = string.match(all[i + 1], '^(%d+) (%d+) (%d+)$')
    -- A budget of a later period began at nothing: no seed is in it.
    if tonumber(period) == seeded[string.sub(field, 3, 3) == 'd' and 3 or 4] then
      local most = raised[field] or after
      local lowered = tonumber(spent) - (math.min(after, most) - math.min(before, most))
      redis.call('HSET', KEYS[1], field, string.format('%s %d %s', period, math.max(0, lowered), held))
    end
  end
end
seeded[2] = after
redis.call('HSET', KEYS[1], 'seeded', cmsgpack.pack(seeded))
return { 1 }
