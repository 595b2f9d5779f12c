-- Writes a record unless Redis holds a newer one, so that a late write cannot restore a revoked key.
-- KEYS[1] the record, JSON with a member `version` (UUIDv7)
-- ARGV[1] JSON to write ARGV[2] its version, 32 hex digits
-- returns '' when written, else the newer record
-- Compares versions as text: hex digits of equal length sort the same in every collation.
local current = redis.call('GET', KEYS[1])
if current then
  local version = string.gsub(cjson.decode(current).version, '-', '')
  if version > ARGV[2] then
    return current
  end
end
redis.call('SET', KEYS[1], ARGV[1])
return ''
