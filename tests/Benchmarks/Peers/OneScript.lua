-- The yardstick: one script call with as many fields, arguments and results as an admission with everything on has, and nothing clever in
-- it. Takes from each bucket, counts each concurrency field up, adds to each budget, takes from a till. Refuses nothing.
-- KEYS[1]  a hash
-- ARGV[1]  money, nano-dollars   ARGV[2] buckets, for each: field, limit, window in ms, cost   then concurrency fields, then budgets: field
-- returns  {now in ms, money left, used x window of each bucket ...}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local money = tonumber(ARGV[1])

local buckets = tonumber(ARGV[2])
local counts = tonumber(ARGV[3 + 4 * buckets])
local budgets = tonumber(ARGV[4 + 4 * buckets + counts])
local fields = { 'till', 'kv', 'pv' }
for i = 0, buckets - 1 do
  fields[#fields + 1] = ARGV[3 + 4 * i]
  fields[#fields + 1] = ARGV[3 + 4 * i] .. ':at'
end
for i = 1, counts do
  fields[#fields + 1] = ARGV[3 + 4 * buckets + i]
end
for i = 1, budgets do
  fields[#fields + 1] = ARGV[4 + 4 * buckets + counts + i]
end

local found = redis.call('HMGET', KEYS[1], unpack(fields))
local writes = { 'till', (tonumber(found[1]) or 0) - money }
local reply = { now, writes[2] }
for i = 0, buckets - 1 do
  local limit, window, cost = tonumber(ARGV[4 + 4 * i]), tonumber(ARGV[5 + 4 * i]), tonumber(ARGV[6 + 4 * i])
  local used, at = tonumber(found[4 + 2 * i]) or 0, tonumber(found[5 + 2 * i]) or now
  used = math.max(0, used - limit * (now - at)) + cost * window
  writes[#writes + 1] = fields[4 + 2 * i]
  writes[#writes + 1] = string.format('%.0f', used)
  writes[#writes + 1] = fields[5 + 2 * i]
  writes[#writes + 1] = now
  reply[#reply + 1] = used
end
for i = 4 + 2 * buckets, #fields do
  writes[#writes + 1] = fields[i]
  writes[#writes + 1] = string.format('%.0f', (tonumber(found[i]) or 0) + (i < 4 + 2 * buckets + counts and 1 or money))
end
redis.call('HSET', KEYS[1], unpack(writes))
return reply
