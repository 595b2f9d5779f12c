-- Credits a lease to an organization's till. May be applied twice or late: the larger grant of the newest epoch stands, and only a lease that
-- opened its epoch makes a till. What came for a till that was wiped or fenced off since would be spent a second time.
-- KEYS[1]  the organization's hash, see Admission.lua
-- ARGV[1]  epoch   ARGV[2]  granted: all that was ever leased in this epoch, nano-dollars   ARGV[3]  1 when the lease opened the epoch, else 0
-- ARGV[4]  budget seeds, then for each: field g:<d|m>:<subject>, period, spent in nano-dollars; used when the epoch is new
-- then     bucket seeds, then for each: field b:<r|t>d:<subject>, requests or tokens in it now; used when there was no till
-- returns  {the till's epoch or -1, its free money}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch, granted = tonumber(ARGV[1]), tonumber(ARGV[2])
local had, before, spent, held = string.match(redis.call('HGET', KEYS[1], 'till') or '', '^(%d+) (%d+) (%d+) (%d+)$')
had, before, spent, held = tonumber(had) or -1, tonumber(before) or 0, tonumber(spent) or 0, tonumber(held) or 0

if epoch > had and (ARGV[3] ~= '1' or epoch < (tonumber(redis.call('HGET', KEYS[1], 'fence') or '') or 0)) then
  return { had, before - spent - held }
elseif epoch > had then
  -- Holds of older epochs will neither lower nor book anything any more; their leases count as spent until the fence.
  local budgets = {}
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'g:' then
      local period, booked, open = string.match(all[i + 1], '^(%d+) (%d+) (%d+)$')
      budgets[all[i]] = { tonumber(period), tonumber(booked) + tonumber(open) }
    end
  end
  -- By how much at most each remembered budget is raised here: no more than that may be taken back when older epochs give money back.
  local day, month, raised = 0, 0, {}
  for i = 0, tonumber(ARGV[4]) - 1 do
    local field, period, seed = ARGV[5 + 3 * i], tonumber(ARGV[6 + 3 * i]), tonumber(ARGV[7 + 3 * i])
    local known = budgets[field]
    if string.sub(field, 3, 3) == 'd' then
      day = period
    else
      month = period
    end
    if not known or known[1] < period then
      budgets[field] = { period, seed, seeded = true }
    elseif known[1] == period then
      known.raised = math.max(0, seed - known[2])
      known[2] = known[2] + known.raised
    end
  end
  for field, it in pairs(budgets) do
    if not it.seeded then
      raised[#raised + 1] = field
      raised[#raised + 1] = it.raised or 0
    end
  end
  redis.call('HSET', KEYS[1], 'seeded', cmsgpack.pack({ epoch, 0, day, month, raised }))
  for field, it in pairs(budgets) do
    redis.call('HSET', KEYS[1], field, string.format('%d %d 0', it[1], it[2]))
  end
  if had < 0 then
    -- The whole hash was lost, but for what came since. Until its first request tells the limit a bucket drains as if the seed were it,
    -- which is slower.
    local at = 5 + 3 * tonumber(ARGV[4])
    for i = 0, tonumber(ARGV[at]) - 1 do
      local field, seed = ARGV[at + 1 + 2 * i], tonumber(ARGV[at + 2 + 2 * i])
      local level = math.min(9007199254740991, seed * 86400000)
      local used, since, limit = string.match(redis.call('HGET', KEYS[1], field) or '', '^(%d+) (%d+) (%d+)$')
      used = used and math.max(0, tonumber(used) - tonumber(limit) * math.max(0, now - tonumber(since))) or 0
      if level > used then
        redis.call('HSET', KEYS[1], field, string.format('%.0f %.0f %.0f', level, now, tonumber(limit) or seed))
      end
    end
  end
  had, before, spent, held = epoch, granted, 0, 0
elseif epoch == had then
  before = math.max(before, granted)
else
  return { had, before - spent - held }
end
redis.call('HSET', KEYS[1], 'till', string.format('%.0f %.0f %.0f %.0f', had, before, spent, held))
return { had, before - spent - held }
