-- Finds the holds of one journal. Reads only.
-- KEYS[1]  the organization's hash, see Admission.lua
-- ARGV[1]  HSCAN's cursor, 0 at first   ARGV[2]  about how many fields to look at   ARGV[3]  how the owner's name begins
-- returns  {next cursor, request id ...}
local found = {}
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'MATCH', 'h:*', 'COUNT', ARGV[2])
found[1] = page[1]
for i = 1, #page[2], 2 do
  local owner = cmsgpack.unpack(page[2][i + 1])[1]
  if string.sub(owner, 1, #ARGV[3]) == ARGV[3] then
    found[#found + 1] = string.sub(page[2][i], 3)
  end
end
return found
