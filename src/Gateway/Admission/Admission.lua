-- The one door of an organization: applies settlements that wait, then admits one request wholly or not at all.
-- KEYS[1]  the organization's hash. Fields:
--   pv, kv:<public id>       versions of policy and key; written by Accounts alone
--   till                     "<epoch> <granted> <spent> <held>", nano-dollars
--   seeded                   msgpack {epoch, given back since, day, month, budget fields each with how far it was raised}, see TillReclaim.lua
--   b:<r|t><m|d>:<subject>   bucket, "<used x window> <at> <limit>": requests or tokens, a minute or a day
--   c:<subject>              requests running now
--   g:<d|m>:<subject>        budget, "<period> <spent> <held>", period yyyymmdd or yyyymm; subject * is where those not named start
--   h:<request id>           hold: msgpack {owner, at, epoch, money, tokens, token buckets, concurrency fields, budget fields and periods,
--                            when Sweep.lua freed its tokens and concurrency or false, {claim field, fingerprint} if it has a claim}
--   t:<request id>           tombstone of a release whose hold was not found: when it may be forgotten
--   i:<public id>:<hash>     claim on an idempotency key: "<R|D> <expires> <fingerprint> <request id>"; R that request runs, D its answer is
--                            complete. It ends with its request unless the answer was complete.
-- ARGV[1]  A admit, C check versions and take buckets only, S settle only
-- ARGV[2]  settlements, then for each: S settle | K settle, its answer is kept | L settle, its answer was complete and is not kept
--   | R release | F forget its tombstone; request id; tokens used; cost, nano-dollars
-- unless S: request id, owner, money (an upper bound), tokens held, requests counted (0 or 1), key version field, key version, policy version,
--   buckets, then for each: field, limit;  concurrency limits, each: field, limit;  budgets, each: field, d | m, limit
--   and of a request with an idempotency key: claim field, fingerprint, when the store of answers was asked and had none
-- returns  {verdict, now in ms, epoch or -1, till's free money, index of the binding limit, ms until it fits, used x window of each bucket ...}
--   verdict  SETTLED ADMITTED CHECKED | MISSING STALE BURIED | CONCURRENCY BUCKET TOO_LARGE BUDGET | COLD TILL |
--            RUNNING DONE MISMATCH, each with the claim's request id as the last value, LATE
-- All numbers are whole and below 2^53, where Lua's doubles are exact. A product above it only ever means "all of it has drained".
-- Redis's clock, not the caller's: gateways whose clocks differ would drain the same bucket twice.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most = 9007199254740991

-- A kept answer is found by whoever asks the store after it: its claim need only outlive the requests that asked before.
local keptFor, lostFor, oldestLook = 60000, 86400000, 30000

local hash = KEYS[1]
local mode = ARGV[1]
local settlements = tonumber(ARGV[2])
local first = 3 + 4 * settlements -- Where the admission's own arguments begin.

local values = {}                            -- What the hash held, by field; false where it held nothing.
local buckets, counts, budgets = {}, {}, {}  -- Decoded fields; `changed` marks those to write back.
local claims = {}
local tombstones, removed = {}, {}

local function load(fields)
  if #fields > 0 then
    local found = redis.call('HMGET', hash, unpack(fields))
    for i, field in ipairs(fields) do
      values[field] = found[i]
    end
  end
end

-- A bucket drained to now at the rate that was in force since it was last touched. A clock that steps back drains nothing.
local function bucket(field)
  local it = buckets[field]
  if not it then
    local used, at, limit = string.match(values[field] or '', '^(%d+) (%d+) (%d+)$')
    it = { used = tonumber(used) or 0, at = tonumber(at) or now, limit = tonumber(limit) or 0 }
    if now < it.at then
      it.changed = true
    else
      it.used = math.max(0, it.used - it.limit * (now - it.at))
    end
    it.at = now
    buckets[field] = it
  end
  return it
end

-- By the letters of b:<r|t><m|d>: what it counts and how long a full one takes to drain, in ms.
local function countsTokens(field)
  return string.byte(field, 3) == 116
end

local function window(field)
  return string.byte(field, 4) == 109 and 60000 or 86400000
end

local function count(field)
  local it = counts[field]
  if not it then
    it = { running = tonumber(values[field]) or 0 }
    counts[field] = it
  end
  return it
end

local function budget(field)
  local it = budgets[field]
  if not it then
    local period, spent, held = string.match(values[field] or '', '^(%d+) (%d+) (%d+)$')
    it = { period = tonumber(period) or 0, spent = tonumber(spent) or 0, held = tonumber(held) or 0 }
    budgets[field] = it
  end
  return it
end

-- Without a state when there is none or when it is past its time.
local function claim(field)
  local it = claims[field]
  if not it then
    local state, expires, fingerprint, owner = string.match(values[field] or '', '^(%u) (%d+) (%S+) (%x+)$')
    it = {}
    if state and tonumber(expires) > now then
      it.state, it.expires, it.fingerprint, it.owner = state, tonumber(expires), fingerprint, owner
    end
    claims[field] = it
  end
  return it
end

-- Days since 1970 to a civil date (Howard Hinnant's algorithm): yyyymmdd or yyyymm, UTC.
local function period(kind)
  local days = math.floor(now / 86400000) + 719468
  local era = math.floor(days / 146097)
  local day = days - era * 146097
  local year = math.floor((day - math.floor(day / 1460) + math.floor(day / 36524) - math.floor(day / 146096)) / 365)
  day = day - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local shifted = math.floor((5 * day + 2) / 153)
  local month = shifted < 10 and shifted + 3 or shifted - 9
  local months = (year + era * 400 + (month <= 2 and 1 or 0)) * 100 + month
  return kind == 'm' and months or months * 100 + day - math.floor((153 * shifted + 2) / 5) + 1
end

-- Everything that is known to be needed, in one read.
local wanted = { 'till' }
for i = 0, settlements - 1 do
  wanted[#wanted + 1] = 'h:' .. ARGV[4 + 4 * i]
end
local id, bucketCount, concurrencyCount, budgetCount, bucketsAt, concurrencyAt, budgetsAt, claimField, claimAt
local money, tokens, requests
if mode ~= 'S' then
  id = ARGV[first]
  money, tokens, requests = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
  wanted[#wanted + 1] = 'pv'
  wanted[#wanted + 1] = ARGV[first + 5]
  if mode == 'A' then
    wanted[#wanted + 1] = 'h:' .. id
    wanted[#wanted + 1] = 't:' .. id
  end
  bucketCount, bucketsAt = tonumber(ARGV[first + 8]), first + 9
  for i = 0, bucketCount - 1 do
    wanted[#wanted + 1] = ARGV[bucketsAt + 2 * i]
  end
  concurrencyAt = bucketsAt + 2 * bucketCount + 1
  concurrencyCount = tonumber(ARGV[concurrencyAt - 1])
  for i = 0, concurrencyCount - 1 do
    wanted[#wanted + 1] = ARGV[concurrencyAt + 2 * i]
  end
  budgetsAt = concurrencyAt + 2 * concurrencyCount + 1
  budgetCount = tonumber(ARGV[budgetsAt - 1])
  if budgetCount > 0 then
    wanted[#wanted + 1] = 'g:d:*'
    wanted[#wanted + 1] = 'g:m:*'
  end
  for i = 0, budgetCount - 1 do
    wanted[#wanted + 1] = ARGV[budgetsAt + 3 * i]
  end
  claimAt = budgetsAt + 3 * budgetCount
  claimField = ARGV[claimAt]
  if claimField then
    wanted[#wanted + 1] = claimField
  end
end
load(wanted)

local epoch, granted, spent, held = string.match(values.till or '', '^(%d+) (%d+) (%d+) (%d+)$')
local till = epoch and { epoch = tonumber(epoch), granted = tonumber(granted), spent = tonumber(spent), held = tonumber(held) }

-- Settlements. The hold says what to undo; mostly those fields are this admission's too and already read.
local holds, missing = {}, {}
local function need(field)
  if values[field] == nil then
    values[field] = false
    missing[#missing + 1] = field
  end
end
for i = 0, settlements - 1 do
  local field = 'h:' .. ARGV[4 + 4 * i]
  if values[field] and not holds[field] then
    local hold = cmsgpack.unpack(values[field])
    holds[field] = hold
    for list = 6, 8 do
      for j = 1, #hold[list], list == 8 and 2 or 1 do
        need(hold[list][j])
      end
    end
    if hold[10] then
      need(hold[10][1])
    end
  end
end
load(missing)

for i = 0, settlements - 1 do
  local at = 3 + 4 * i
  local operation, settled = ARGV[at], ARGV[at + 1]
  local hold = holds['h:' .. settled]
  if operation == 'F' then
    removed[#removed + 1] = 't:' .. settled
  elseif hold then
    local used, cost = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    for _, field in ipairs(hold[6]) do
      local it = bucket(field)
      it.used = math.min(most, math.max(0, it.used - (hold[5] - used) * window(field)))
      it.changed = true
    end
    for _, field in ipairs(hold[7]) do
      local it = count(field)
      it.running = math.max(0, it.running - 1)
      it.changed = true
    end
    -- Money of an older epoch is not this till's: its lease, and the seeds of the budgets, already count it as spent.
    if till and till.epoch == hold[3] then
      till.held = till.held - hold[4]
      till.spent = till.spent + cost
      till.changed = true
      for j = 1, #hold[8], 2 do
        local it = budget(hold[8][j])
        if it.period == hold[8][j + 1] then
          it.held = math.max(0, it.held - hold[4])
          it.spent = it.spent + cost
          it.changed = true
        end
      end
    end
    if hold[10] then
      local it = claim(hold[10][1])
      if operation == 'K' or operation == 'L' then
        if not it.state or it.owner == settled then -- A sweep may have taken it, and nobody come since.
          it.state, it.fingerprint, it.owner, it.changed = 'D', hold[10][2], settled, true
          it.expires = now + (operation == 'K' and keptFor or lostFor)
        end
      elseif it.state and it.owner == settled then
        it.state, it.changed = nil, true
      end
    end
    holds['h:' .. settled] = nil
    values['h:' .. settled] = false
    removed[#removed + 1] = 'h:' .. settled
  elseif operation == 'R' then
    tombstones[#tombstones + 1] = 't:' .. settled
    values['t:' .. settled] = tostring(now + 60000)
  end
end

-- Why a request may not claim its idempotency key; nothing when it may. Then it runs nothing and costs one request.
local function obstacle()
  if not claimField or values['h:' .. id] then
    return nil
  end
  local it = claim(claimField)
  if not it.state then
    return now - tonumber(ARGV[claimAt + 2]) > oldestLook and 'LATE' or nil
  end
  if it.fingerprint ~= ARGV[claimAt + 1] then
    return 'MISMATCH', it.owner
  end
  return it.state == 'R' and 'RUNNING' or 'DONE', it.owner
end
local claimed, claimedBy

-- The admission: decides everything before it takes anything.
local function decide()
  if mode == 'S' then
    return 'SETTLED', 0, 0
  end
  local keyVersion, policyVersion = values[ARGV[first + 5]], values.pv
  if not keyVersion or not policyVersion then
    return 'MISSING', 0, 0
  end
  if keyVersion > ARGV[first + 6] or policyVersion > ARGV[first + 7] then
    return 'STALE', 0, 0
  end
  if mode == 'A' and values['t:' .. id] then
    return 'BURIED', 0, 0
  end

  claimed, claimedBy = obstacle()
  if claimed then
    tokens = 0
  end
  -- The bucket that takes longest binds: a client that waits for it is not refused by another one.
  local tooLarge, binding, wait = 0, 0, 0
  for i = 0, bucketCount - 1 do
    local field, limit = ARGV[bucketsAt + 2 * i], tonumber(ARGV[bucketsAt + 2 * i + 1])
    local cost = countsTokens(field) and tokens or requests
    local it = bucket(field)
    if it.limit ~= limit then
      it.limit, it.changed = limit, true
    end
    local over = it.used + (cost - limit) * window(field)
    if cost > limit then
      tooLarge = tooLarge > 0 and tooLarge or i + 1
    elseif cost > 0 and over > 0 and math.ceil(over / limit) > wait then
      binding, wait = i + 1, math.ceil(over / limit)
    end
  end
  if values['h:' .. id] then
    return 'ADMITTED', 0, 0 -- Asked again: the hold stands and nothing is taken twice.
  end
  for i = 0, claimed and -1 or concurrencyCount - 1 do
    if count(ARGV[concurrencyAt + 2 * i]).running >= tonumber(ARGV[concurrencyAt + 2 * i + 1]) then
      return 'CONCURRENCY', i + 1, 0
    end
  end
  if tooLarge > 0 then
    return 'TOO_LARGE', tooLarge, 0
  end
  if binding > 0 then
    return 'BUCKET', binding, wait
  end
  if claimed or mode == 'C' then
    return claimed or 'CHECKED', 0, 0
  end

  for i = 0, budgetCount - 1 do
    local it = budget(ARGV[budgetsAt + 3 * i])
    local current = period(ARGV[budgetsAt + 3 * i + 1])
    if it.period < current then
      -- A subject that this epoch's seeds did not name starts where they let all others start.
      local others = budget('g:' .. ARGV[budgetsAt + 3 * i + 1] .. ':*')
      it.period, it.spent, it.held = current, others.period == current and others.spent or 0, 0
    end
    if it.spent + it.held + money > tonumber(ARGV[budgetsAt + 3 * i + 2]) then
      return 'BUDGET', i + 1, 0
    end
  end
  if not till then
    return 'COLD', 0, 0
  end
  if till.granted - till.spent - till.held < money then
    return 'TILL', 0, 0
  end
  return 'ADMITTED', 0, 0
end

local verdict, binding, wait = decide()
local admittedAt, admittedEpoch = now, till and till.epoch or -1

if verdict == 'CHECKED' or verdict == 'ADMITTED' or verdict == claimed then
  local repeated = mode == 'A' and values['h:' .. id]
  if repeated then
    local hold = cmsgpack.unpack(repeated)
    admittedAt, admittedEpoch = hold[2], hold[3]
  else
    local tokenBuckets, running, budgeted = {}, {}, {}
    for i = 0, bucketCount - 1 do
      local field = ARGV[bucketsAt + 2 * i]
      local cost = countsTokens(field) and tokens or requests
      if cost > 0 then
        local it = bucket(field)
        it.used = it.used + cost * window(field)
        it.changed = true
      end
      if countsTokens(field) then -- Tokens come back at the end, requests never.
        tokenBuckets[#tokenBuckets + 1] = field
      end
    end
    if verdict == 'ADMITTED' then
      for i = 0, concurrencyCount - 1 do
        local field = ARGV[concurrencyAt + 2 * i]
        local it = count(field)
        it.running, it.changed = it.running + 1, true
        running[#running + 1] = field
      end
      for i = 0, budgetCount - 1 do
        local field = ARGV[budgetsAt + 3 * i]
        local it = budget(field)
        it.held, it.changed = it.held + money, true
        budgeted[#budgeted + 1] = field
        budgeted[#budgeted + 1] = it.period
      end
      till.held, till.changed = till.held + money, true
      local hold = { ARGV[first + 1], now, till.epoch, money, tokens, tokenBuckets, running, budgeted }
      if claimField then
        local it = claim(claimField)
        it.state, it.expires, it.fingerprint, it.owner, it.changed = 'R', now + lostFor, ARGV[claimAt + 1], id, true
        hold[9], hold[10] = false, { claimField, it.fingerprint }
      end
      values.hold = cmsgpack.pack(hold)
    end
  end
end

-- One write. A refusal writes settlements, a clock that stepped back and a limit that changed, and takes nothing.
local writes = {}
local function write(field, value)
  writes[#writes + 1] = field
  writes[#writes + 1] = value
end
if values.hold then
  write('h:' .. id, values.hold)
end
if till and till.changed then
  write('till', string.format('%d %d %d %d', till.epoch, till.granted, till.spent, till.held))
end
for field, it in pairs(buckets) do
  if it.changed then
    write(field, string.format('%d %d %d', it.used, it.at, it.limit))
  end
end
for field, it in pairs(counts) do
  if it.changed then
    write(field, string.format('%d', it.running))
  end
end
for field, it in pairs(budgets) do
  if it.changed then
    write(field, string.format('%d %d %d', it.period, it.spent, it.held))
  end
end
for field, it in pairs(claims) do
  if it.changed and it.state then
    write(field, string.format('%s %d %s %s', it.state, it.expires, it.fingerprint, it.owner))
  elseif it.changed then
    removed[#removed + 1] = field
  end
end
for _, field in ipairs(tombstones) do
  write(field, values[field])
end
if #writes > 0 then
  redis.call('HSET', hash, unpack(writes))
end
if #removed > 0 then
  redis.call('HDEL', hash, unpack(removed))
end

local reply = { verdict, admittedAt, admittedEpoch, till and till.granted - till.spent - till.held or 0, binding, wait }
if mode ~= 'S' then
  for i = 0, bucketCount - 1 do
    reply[#reply + 1] = bucket(ARGV[bucketsAt + 2 * i]).used
  end
  if verdict == claimed then
    reply[#reply + 1] = claimedBy
  end
end
return reply
