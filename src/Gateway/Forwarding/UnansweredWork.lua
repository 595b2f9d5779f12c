-- Forgives work that was computed for a request without an answer, wholly or not at all, as far as the minute's allowance goes.
-- KEYS[1]  the organization's hash, see Admission.lua; field w is a bucket that drains in a minute: "<forgiven x 60000> <at>"
-- ARGV[1]  tokens computed   ARGV[2]  allowance, tokens a minute
-- returns  {1} when it is forgiven, {0} when it is to be billed
-- Redis's clock, as everywhere.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local tokens, allowance = tonumber(ARGV[1]), tonumber(ARGV[2])
local used, at = string.match(redis.call('HGET', KEYS[1], 'w') or '', '^(%d+) (%d+)$')
used, at = tonumber(used) or 0, tonumber(at) or now
used = math.max(0, used - allowance * math.max(0, now - at))
if tokens > allowance or used + tokens * 60000 > allowance * 60000 then
  return { 0 }
end
redis.call('HSET', KEYS[1], 'w', string.format('%.0f %.0f', used + tokens * 60000, now))
return { 1 }
