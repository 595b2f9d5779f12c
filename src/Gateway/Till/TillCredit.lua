-- Credits a lease to an organization's till. May be applied twice or late: the larger grant of the newest epoch stands, and only a lease
-- that opened its epoch makes a till. What came for a till that was wiped or fenced off since would be spent a second time.
-- KEYS[1]  the organization's hash, see Admission.lua
-- ARGV[1]  epoch   ARGV[2]  granted: all that was ever leased in this epoch, nano-dollars
-- ARGV[3]  1 when the lease opened the epoch, else 0
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
  -- Holds of older epochs will neither lower nor book anything any more. What is billed and all that older epochs may still bill is no less
  -- than any till has counted: so the seeds replace what is remembered of their periods, also what earlier seeds had put in it.
  local day, month, seeds = 0, 0, {}
  for i = 0, tonumber(ARGV[4]) - 1 do
    local field, period = ARGV[5 + 3 * i], tonumber(ARGV[6 + 3 * i])
    if string.sub(field, 3, 3) == 'd' then
      day = period
    else
      month = period
    end
    seeds[field] = math.min(9007199254740991, tonumber(ARGV[7 + 3 * i]))
  end
  local later = {}
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local field = all[i]
    if string.sub(field, 1, 2) == 'g:' then
      local period, booked, open = string.match(all[i + 1], '^(%d+) (%d+) (%d+)$')
      if tonumber(period) > (string.sub(field, 3, 3) == 'd' and day or month) then
        later[field] = true -- The seeds come from a clock that has not reached this period yet.
        redis.call('HSET', KEYS[1], field, string.format('%s %.0f 0', period, tonumber(booked) + tonumber(open)))
      else
        redis.call('HDEL', KEYS[1], field)
      end
    end
  end
  for field, seed in pairs(seeds) do
    if not later[field] then
      redis.call('HSET', KEYS[1], field, string.format('%.0f %.0f 0', string.sub(field, 3, 3) == 'd' and day or month, seed))
    end
  end
  redis.call('HSET', KEYS[1], 'seeded', cmsgpack.pack({ epoch, false, day, month, seeds }))
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
