-- Takes from the holds of silent gateways what they keep from others: concurrency and rate tokens, never money. A swept hold stands with
-- its money and without the rest, so that its settle, whenever it comes, frees nothing twice. Money of an older epoch is the old lease's:
-- such a hold goes. The claim of a swept hold on an idempotency key ends: its retry is a new request. Claims past their time go too.
-- KEYS[1]  the organization's hash, see Admission.lua
-- ARGV[1]  HSCAN's cursor, 0 at first   ARGV[2]  about how many fields to look at   ARGV[3]  age from which a hold may be swept, ms
-- ARGV[4 ...]  owners that live
-- returns  {next cursor, holds swept, holds dropped, tombstones and claims removed}
-- Redis's clock, as everywhere.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local hash = KEYS[1]
local living = {}
for i = 4, #ARGV do
  living[ARGV[i]] = true
end

local refunds, freed, writes, removed = {}, {}, {}, {}
local swept, dropped, forgotten = 0, 0, 0

local function sweep(id, hold)
  for _, field in ipairs(hold[6]) do
    refunds[field] = (refunds[field] or 0) + hold[5]
  end
  for _, field in ipairs(hold[7]) do
    freed[field] = (freed[field] or 0) + 1
  end
  hold[5], hold[6], hold[7], hold[9] = 0, {}, {}, now
  if hold[10] and string.match(redis.call('HGET', hash, hold[10][1]) or '', '^R .* (%x+)$') == id then
    removed[#removed + 1] = hold[10][1]
  end
  swept = swept + 1
end

local page = redis.call('HSCAN', hash, ARGV[1], 'MATCH', '[hti]:*', 'COUNT', ARGV[2])
-- The first epoch that may still be spent: a fence closes a till, and without a request no other one follows.
local oldest = math.max(
  tonumber(string.match(redis.call('HGET', hash, 'till') or '', '^(%d+) ')) or 0, tonumber(redis.call('HGET', hash, 'fence') or '') or 0)
for i = 1, #page[2], 2 do
  local field, value = page[2][i], page[2][i + 1]
  if string.byte(field) == 116 then -- t:
    if tonumber(value) <= now then
      removed[#removed + 1] = field
      forgotten = forgotten + 1
    end
  elseif string.byte(field) == 105 then -- i:
    if tonumber(string.match(value, '^%u (%d+) ')) <= now then
      removed[#removed + 1] = field
      forgotten = forgotten + 1
    end
  else
    local hold = cmsgpack.unpack(value)
    local before = swept
    if not hold[9] and not living[hold[1]] and now - hold[2] >= tonumber(ARGV[3]) then
      sweep(string.sub(field, 3), hold)
    end
    if hold[9] and hold[3] < oldest then
      removed[#removed + 1] = field
      dropped = dropped + 1
    elseif swept > before then
      writes[#writes + 1] = field
      writes[#writes + 1] = cmsgpack.pack(hold)
    end
  end
end

for field, tokens in pairs(refunds) do
  local used, at, limit = string.match(redis.call('HGET', hash, field) or '', '^(%d+) (%d+) (%d+)$')
  if used then
    used = tonumber(used)
    if now >= tonumber(at) then
      used = math.max(0, used - tonumber(limit) * (now - tonumber(at)))
    end
    local window = string.byte(field, 4) == 109 and 60000 or 86400000 -- b:tm: or b:td:
    writes[#writes + 1] = field
    writes[#writes + 1] = string.format('%.0f %.0f %.0f', math.max(0, used - tokens * window), now, tonumber(limit))
  end
end
for field, requests in pairs(freed) do
  writes[#writes + 1] = field
  writes[#writes + 1] = string.format('%.0f', math.max(0, (tonumber(redis.call('HGET', hash, field) or '') or 0) - requests))
end
for i = 1, #writes, 512 do -- As many as Lua's stack takes for sure.
  redis.call('HSET', hash, unpack(writes, i, math.min(i + 511, #writes)))
end
for i = 1, #removed, 512 do
  redis.call('HDEL', hash, unpack(removed, i, math.min(i + 511, #removed)))
end
return { page[1], swept, dropped, forgotten }
