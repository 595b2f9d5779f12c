-- The one door of an organization: applies settlements that wait, then decides admissions one after the other, each wholly or not at all.
-- KEYS[1]  the organization's hash. Fields:
--   pv, kv:<public id>       versions of policy and key; written by Accounts alone
--   till                     "<epoch> <granted> <spent> <held>", nano-dollars
--   fence                    the first epoch that may still be spent, once a newer one has fenced others off
--   seeded                   msgpack {epoch, whether older epochs are known by now, day, month, seeds by budget field}, see TillReclaim.lua
--   w                        work without an answer that was forgiven lately, see UnansweredWork.lua
--   b:<r|t><m|d>:<subject>   bucket, "<used x window> <at> <limit>": requests or tokens, a minute or a day
--   c:<subject>              requests running now
--   g:<d|m>:<subject>        budget, "<period> <spent> <held>", period yyyymmdd or yyyymm; subject * is where those not named start
--   h:<request id>           hold: msgpack {owner, at, epoch, money, tokens, token buckets, concurrency fields, budget fields and periods,
--                            when Sweep.lua freed its tokens and concurrency or false, {claim field, fingerprint} if it has a claim}
--   t:<request id>           tombstone of a release whose hold was not found: when it may be forgotten
--   i:<public id>:<hash>     claim on an idempotency key: "<R|D> <expires> <fingerprint> <request id>"; R that request runs, D its answer
--                            is complete. It ends with its request unless the answer was complete.
-- ARGV[1]  settlements, then for each: S settle | K settle, its answer is kept | L settle, its answer was complete and is not kept
--   | R release | F forget its tombstone; request id; tokens used; cost, nano-dollars
-- then     tables, then for each: key version field, key version, policy version;
--   buckets, then for each: field, limit;  concurrency limits, each: field, limit;  budgets, each: field, d | m, limit
-- then     admissions, decided one after the other, for each: A admit | C check versions and take buckets only; number of its table,
--   from 1; request id, owner, money (an upper bound), tokens held, requests counted (0 or 1); of a request with an idempotency key:
--   claim field, fingerprint, when the store of answers was asked and had none; else one empty claim field
-- returns  for each admission {verdict, now in ms, epoch or -1, till's free money, index of the binding limit, ms until it fits,
--   used x window of each bucket ...}
--   verdict  ADMITTED CHECKED | MISSING STALE BURIED | CONCURRENCY BUCKET TOO_LARGE BUDGET FROZEN | COLD TILL |
--            RUNNING DONE MISMATCH, each with the claim's request id as the last value, LATE
-- All numbers are whole and below 2^53, where Lua's doubles are exact. A product above it only ever means "all of it has drained".
-- Redis's clock, not the caller's: gateways whose clocks differ would drain the same bucket twice.
-- Globals are looked up by name each time; these are used some hundred times a call.
local ARGV, tonumber, floor, max, match, format, byte = ARGV, tonumber, math.floor, math.max, string.match, string.format, string.byte
local time = redis.call('TIME')
local now = time[1] * 1000 + floor(time[2] / 1000)
local most = 9007199254740991

-- Every request that asks the store later finds the kept answer: its claim need only outlive the requests that asked before.
local keptFor, lostFor, oldestLook = 60000, 86400000, 30000

local hash = KEYS[1]
local values = {}                            -- What the hash held, by field; false where it held nothing.
local buckets, counts, budgets = {}, {}, {}  -- Decoded fields; `changed` marks those to write back.
local claims = {}
local tombstones, removed, holdsMade = {}, {}, {}

-- Fields to read, and reading them.
local missing = {}
local function need(field)
  if values[field] == nil then
    values[field] = false
    missing[#missing + 1] = field
  end
end

local function load()
  if #missing > 0 then
    local found = redis.call('HMGET', hash, unpack(missing))
    for i = 1, #missing do
      values[missing[i]] = found[i]
    end
    missing = {}
  end
end

-- A bucket drained to now at the rate that was in force since it was last touched. A clock that steps back drains nothing.
local function bucket(field)
  local it = buckets[field]
  if not it then
    local used, at, limit = match(values[field] or '', '^(%d+) (%d+) (%d+)$')
    it = { used = tonumber(used) or 0, at = tonumber(at) or now, limit = tonumber(limit) or 0, changed = false }
    if now < it.at then
      it.changed = true
    else
      it.used = max(0, it.used - it.limit * (now - it.at))
    end
    it.at = now
    buckets[field] = it
  end
  return it
end

-- By the letters of b:<r|t><m|d>: what it counts and how long a full one takes to drain, in ms.
local function countsTokens(field)
  return byte(field, 3) == 116
end

local function window(field)
  return byte(field, 4) == 109 and 60000 or 86400000
end

local function count(field)
  local it = counts[field]
  if not it then
    it = { running = tonumber(values[field]) or 0, changed = false }
    counts[field] = it
  end
  return it
end

local function budget(field)
  local it = budgets[field]
  if not it then
    local period, spent, held = match(values[field] or '', '^(%d+) (%d+) (%d+)$')
    it = { period = tonumber(period) or 0, spent = tonumber(spent) or 0, held = tonumber(held) or 0, changed = false }
    budgets[field] = it
  end
  return it
end

-- Without a state when there is none or when it is past its time.
local function claim(field)
  local it = claims[field]
  if not it then
    local state, expires, fingerprint, owner = match(values[field] or '', '^(%u) (%d+) (%S+) (%x+)$')
    it = {}
    if state and tonumber(expires) > now then
      it.state, it.expires, it.fingerprint, it.owner = state, tonumber(expires), fingerprint, owner
    end
    claims[field] = it
  end
  return it
end

-- The civil date of now, UTC, by days since 1970 (Howard Hinnant's algorithm): yyyymmdd or yyyymm.
local today, month
local function period(kind)
  if not today then
    local days = floor(now / 86400000) + 719468
    local era = floor(days / 146097)
    local day = days - era * 146097
    local year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365)
    day = day - (365 * year + floor(year / 4) - floor(year / 100))
    local shifted = floor((5 * day + 2) / 153)
    month = shifted < 10 and shifted + 3 or shifted - 9
    month = (year + era * 400 + (month <= 2 and 1 or 0)) * 100 + month
    today = month * 100 + day - floor((153 * shifted + 2) / 5) + 1
  end
  return kind == 'm' and month or today
end

-- The arguments, and everything that is known to be needed, in one read.
local settlements = tonumber(ARGV[1])
need('till')
for i = 0, settlements - 1 do
  need('h:' .. ARGV[3 + 4 * i])
end

local at = 2 + 4 * settlements -- The next argument.
local tables = {}
for i = 1, tonumber(ARGV[at]) do
  local it = { keyField = ARGV[at + 1], key = ARGV[at + 2], policy = ARGV[at + 3], buckets = {}, running = {}, budgets = {} }
  need('pv')
  need(it.keyField)
  at = at + 4
  for j = 1, tonumber(ARGV[at]) do
    local field = ARGV[at + 1]
    need(field)
    it.buckets[j] = { field = field, limit = tonumber(ARGV[at + 2]), tokens = countsTokens(field), window = window(field) }
    at = at + 2
  end
  at = at + 1
  for j = 1, tonumber(ARGV[at]) do
    need(ARGV[at + 1])
    it.running[j] = { field = ARGV[at + 1], limit = tonumber(ARGV[at + 2]) }
    at = at + 2
  end
  at = at + 1
  for j = 1, tonumber(ARGV[at]) do
    local others = 'g:' .. ARGV[at + 2] .. ':*'
    need(ARGV[at + 1])
    need(others)
    it.budgets[j] = { field = ARGV[at + 1], kind = ARGV[at + 2], limit = tonumber(ARGV[at + 3]), others = others }
    at = at + 3
  end
  tables[i] = it
end
at = at + 1

local admissions = {}
for i = 1, tonumber(ARGV[at]) do
  local id, claimField = ARGV[at + 3], ARGV[at + 8]
  local it = {
    admits = ARGV[at + 1] == 'A', limits = tables[tonumber(ARGV[at + 2])], id = id, owner = ARGV[at + 4], money = tonumber(ARGV[at + 5]),
    tokens = tonumber(ARGV[at + 6]), requests = tonumber(ARGV[at + 7]), hold = 'h:' .. id, tombstone = 't:' .. id, claimField = false,
    fingerprint = false, lookedAt = false, claimedBy = false,
  }
  at = at + 8
  if it.admits then
    need(it.hold)
    need(it.tombstone)
  end
  if claimField ~= '' then
    it.claimField, it.fingerprint, it.lookedAt = claimField, ARGV[at + 1], tonumber(ARGV[at + 2])
    need(claimField)
    at = at + 2
  end
  admissions[i] = it
end
load()

local epoch, granted, spent, held = match(values.till or '', '^(%d+) (%d+) (%d+) (%d+)$')
local till = epoch and { epoch = tonumber(epoch), granted = tonumber(granted), spent = tonumber(spent), held = tonumber(held) }

-- Settlements. The hold lists what to undo; mostly those fields are this call's admissions' too and already read.
local holds = {}
for i = 0, settlements - 1 do
  local field = 'h:' .. ARGV[3 + 4 * i]
  if values[field] and not holds[field] then
    local hold = cmsgpack.unpack(values[field])
    holds[field] = hold
    for j = 1, #hold[6] do
      need(hold[6][j])
    end
    for j = 1, #hold[7] do
      need(hold[7][j])
    end
    for j = 1, #hold[8], 2 do
      need(hold[8][j])
    end
    if hold[10] then
      need(hold[10][1])
    end
  end
end
load()

for i = 0, settlements - 1 do
  local operation, settled = ARGV[2 + 4 * i], ARGV[3 + 4 * i]
  local field = 'h:' .. settled
  local hold = holds[field]
  if operation == 'F' then
    removed[#removed + 1] = 't:' .. settled
  elseif hold then
    local used, cost = tonumber(ARGV[4 + 4 * i]), tonumber(ARGV[5 + 4 * i])
    for j = 1, #hold[6] do
      local it = bucket(hold[6][j])
      it.used = math.min(most, max(0, it.used - (hold[5] - used) * window(hold[6][j])))
      it.changed = true
    end
    for j = 1, #hold[7] do
      local it = count(hold[7][j])
      it.running = max(0, it.running - 1)
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
          it.held = max(0, it.held - hold[4])
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
    holds[field], values[field] = nil, false
    removed[#removed + 1] = field
  elseif operation == 'R' then
    tombstones[#tombstones + 1] = 't:' .. settled
    values['t:' .. settled] = tostring(now + 60000)
  end
end

-- Why a request may not claim its idempotency key; nothing when it may. Then it runs nothing and costs one request.
local function obstacle(it)
  if not it.claimField or values[it.hold] then
    return nil
  end
  local other = claim(it.claimField)
  if not other.state then
    return now - it.lookedAt > oldestLook and 'LATE' or nil
  end
  it.claimedBy = other.owner
  if other.fingerprint ~= it.fingerprint then
    return 'MISMATCH'
  end
  return other.state == 'R' and 'RUNNING' or 'DONE'
end

-- How much of a budget of the current period was seeded for older epochs and may yet come back.
local seeded
local function frozen(limit, current)
  if seeded == nil then
    local packed = redis.call('HGET', hash, 'seeded')
    seeded = packed and cmsgpack.unpack(packed) or false
  end
  local covers = seeded and not seeded[2] and seeded[limit.kind == 'd' and 3 or 4] == current
  return covers and seeded[5][limit.others] or 0
end

-- Decides everything before anything is taken. The last value is what to take: a place in the buckets, or with ADMITTED all.
local function decide(it)
  local limits = it.limits
  local keyVersion, policyVersion = values[limits.keyField], values.pv
  if not keyVersion or not policyVersion then
    return 'MISSING', 0, 0, false
  end
  if keyVersion > limits.key or policyVersion > limits.policy then
    return 'STALE', 0, 0, false
  end
  if it.admits and values[it.tombstone] then
    return 'BURIED', 0, 0, false
  end

  local claimed = obstacle(it)
  if claimed then
    it.tokens = 0
  end
  -- The bucket that takes longest binds: a client that waits for it is not refused by another one.
  local tooLarge, binding, wait = 0, 0, 0
  for i = 1, #limits.buckets do
    local limit = limits.buckets[i]
    local cost, capacity = limit.tokens and it.tokens or it.requests, limit.limit
    local filled = bucket(limit.field)
    if filled.limit ~= capacity then
      filled.limit, filled.changed = capacity, true
    end
    local over = filled.used + (cost - capacity) * limit.window
    if cost > capacity then
      tooLarge = tooLarge > 0 and tooLarge or i
    elseif cost > 0 and over > 0 and math.ceil(over / capacity) > wait then
      binding, wait = i, math.ceil(over / capacity)
    end
  end
  if it.admits and values[it.hold] then
    return 'ADMITTED', 0, 0, false -- Asked again: the hold stands and nothing is taken twice.
  end
  if not claimed then
    for i = 1, #limits.running do
      if count(limits.running[i].field).running >= limits.running[i].limit then
        return 'CONCURRENCY', i, 0, false
      end
    end
  end
  if tooLarge > 0 then
    return 'TOO_LARGE', tooLarge, 0, false
  end
  if binding > 0 then
    return 'BUCKET', binding, wait, false
  end
  if claimed or not it.admits then
    return claimed or 'CHECKED', 0, 0, true
  end

  if not till then
    return 'COLD', 0, 0, false -- What is remembered of budgets is an older till's; the next one brings its own.
  end
  local waits = 0
  for i = 1, #limits.budgets do
    local limit = limits.budgets[i]
    local spends, current = budget(limit.field), period(limit.kind)
    if spends.period < current then
      -- A subject that this epoch's seeds did not name starts where they let all others start.
      local others = budget(limit.others)
      spends.period, spends.spent, spends.held = current, others.period == current and others.spent or 0, 0
    end
    local total, allowed = spends.spent + spends.held + it.money, math.min(limit.limit, most)
    if total > allowed then
      if total - frozen(limit, current) > allowed then
        return 'BUDGET', i, 0, false
      end
      waits = waits > 0 and waits or i
    end
  end
  if waits > 0 then
    return 'FROZEN', waits, 0, false
  end
  if till.granted - till.spent - till.held < it.money then
    return 'TILL', 0, 0, false
  end
  return 'ADMITTED', 0, 0, true
end

-- Takes what was decided. Only an admission leaves a hold; of what a check and a claimed request take nothing comes back.
local function take(it, admitted)
  local limits = it.limits
  local tokenBuckets, running, budgeted = {}, {}, {}
  for i = 1, #limits.buckets do
    local limit = limits.buckets[i]
    local cost = limit.tokens and it.tokens or it.requests
    if cost > 0 then
      local filled = bucket(limit.field)
      filled.used = filled.used + cost * limit.window
      filled.changed = true
    end
    if limit.tokens then -- Tokens come back at the end, requests never.
      tokenBuckets[#tokenBuckets + 1] = limit.field
    end
  end
  if not admitted then
    return
  end

  for i = 1, #limits.running do
    local field = limits.running[i].field
    local counted = count(field)
    counted.running, counted.changed = counted.running + 1, true
    running[i] = field
  end
  for i = 1, #limits.budgets do
    local field = limits.budgets[i].field
    local spends = budget(field)
    spends.held, spends.changed = spends.held + it.money, true
    budgeted[2 * i - 1], budgeted[2 * i] = field, spends.period
  end
  till.held, till.changed = till.held + it.money, true
  local hold = { it.owner, now, till.epoch, it.money, it.tokens, tokenBuckets, running, budgeted }
  if it.claimField then
    local claimed = claim(it.claimField)
    claimed.state, claimed.expires, claimed.fingerprint, claimed.owner, claimed.changed = 'R', now + lostFor, it.fingerprint, it.id, true
    hold[9], hold[10] = false, { it.claimField, it.fingerprint }
  end
  values[it.hold] = cmsgpack.pack(hold)
  holdsMade[#holdsMade + 1] = it.hold
end

local replies = {}
for i = 1, #admissions do
  local it = admissions[i]
  local verdict, binding, wait, takes = decide(it)
  local admittedAt, admittedEpoch = now, till and till.epoch or -1
  if takes then
    take(it, verdict == 'ADMITTED')
  elseif verdict == 'ADMITTED' then
    local hold = cmsgpack.unpack(values[it.hold])
    admittedAt, admittedEpoch = hold[2], hold[3]
  end
  local reply = { verdict, admittedAt, admittedEpoch, till and till.granted - till.spent - till.held or 0, binding, wait }
  for j = 1, #it.limits.buckets do
    reply[6 + j] = bucket(it.limits.buckets[j].field).used
  end
  if takes and it.claimedBy then
    reply[#reply + 1] = it.claimedBy
  end
  replies[i] = reply
end

-- One write. A refusal writes settlements, a clock that stepped back and a limit that changed, and takes nothing.
local writes = {}
local function write(field, value)
  local n = #writes
  writes[n + 1], writes[n + 2] = field, value
end
for i = 1, #holdsMade do
  write(holdsMade[i], values[holdsMade[i]])
end
if till and till.changed then
  write('till', format('%d %d %d %d', till.epoch, till.granted, till.spent, till.held))
end
for field, it in pairs(buckets) do
  if it.changed then
    write(field, format('%d %d %d', it.used, it.at, it.limit))
  end
end
for field, it in pairs(counts) do
  if it.changed then
    write(field, it.running)
  end
end
for field, it in pairs(budgets) do
  if it.changed then
    write(field, format('%d %d %d', it.period, it.spent, it.held))
  end
end
for field, it in pairs(claims) do
  if it.changed and it.state then
    write(field, format('%s %d %s %s', it.state, it.expires, it.fingerprint, it.owner))
  elseif it.changed then
    removed[#removed + 1] = field
  end
end
for i = 1, #tombstones do
  write(tombstones[i], values[tombstones[i]])
end
if #writes > 0 then
  redis.call('HSET', hash, unpack(writes))
end
if #removed > 0 then
  redis.call('HDEL', hash, unpack(removed))
end
return replies
