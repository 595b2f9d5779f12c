-- Raises one version field of an organization's hash and never lowers it.
-- KEYS[1] the organization's hash
-- ARGV[1] field ARGV[2] version, 32 hex digits
-- returns 1 when written, 0 when Redis holds a newer one
local current = redis.call('HGET', KEYS[1], ARGV[1])
if current and current > ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
