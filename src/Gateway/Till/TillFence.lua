-- Closes a till of an epoch that a newer one has fenced off: nothing more is admitted under it, by any gateway, and its money can go back
-- to the wallet. The fence is remembered: a lease of such an epoch that is still on its way makes no till.
-- KEYS[1]  the organization's hash, see Admission.lua
-- ARGV[1]  the first epoch that may still be spent
-- returns  {1} when a till was closed, else {0}
local fence = tonumber(ARGV[1])
if fence > (tonumber(redis.call('HGET', KEYS[1], 'fence') or '') or 0) then
  redis.call('HSET', KEYS[1], 'fence', ARGV[1])
end
local epoch = string.match(redis.call('HGET', KEYS[1], 'till') or '', '^(%d+) ')
if epoch and tonumber(epoch) < fence then
  redis.call('HDEL', KEYS[1], 'till')
  return { 1 }
end
return { 0 }
