-- Replaces what the budgets of an epoch were seeded with, all that older epochs could have spent, by what they did.
-- May be run twice or late.
-- KEYS[1]  the organization's hash, see Admission.lua
-- ARGV[1]  epoch
-- ARGV[2]  budgets, then for each: field g:<d|m>:<subject>, period, nano-dollars that older epochs billed; * those not named
-- returns  {1} when the budgets are exact, now or earlier; {0} when the till is not of that epoch, or not yet
local packed = redis.call('HGET', KEYS[1], 'seeded')
local seeded = packed and cmsgpack.unpack(packed)
if not seeded or seeded[1] ~= tonumber(ARGV[1]) then
  return { 0 }
elseif seeded[2] then
  return { 1 }
end
local billed, absent = {}, {}
for i = 0, tonumber(ARGV[2]) - 1 do
  local field, period = ARGV[3 + 3 * i], ARGV[4 + 3 * i]
  billed[field] = tonumber(ARGV[5 + 3 * i])
  absent[field] = period
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local field = all[i]
  if string.sub(field, 1, 2) == 'g:' then
    absent[field] = nil
    local kind = string.sub(field, 3, 3)
    local others = 'g:' .. kind .. ':*'
    local period, spent, held = string.match(all[i + 1], '^(%d+) (%d+) (%d+)$')
    -- A budget of a later period began at nothing: no seed is in it.
    if tonumber(period) == seeded[kind == 'd' and 3 or 4] then
      local exact = tonumber(spent) - (seeded[5][field] or seeded[5][others] or 0) + (billed[field] or billed[others] or 0)
      redis.call('HSET', KEYS[1], field, string.format('%s %.0f %s', period, math.max(0, exact), held))
    end
  end
end
for field, period in pairs(absent) do -- Billed by older epochs since this one was seeded, and not seen here yet.
  redis.call('HSET', KEYS[1], field, string.format('%s %.0f 0', period, billed[field]))
end
redis.call('HSET', KEYS[1], 'seeded', cmsgpack.pack({ seeded[1], true, seeded[3], seeded[4], {} }))
return { 1 }
