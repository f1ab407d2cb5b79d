-- The records of written targets. Each change removes a few more old records than it adds.
local PRUNED = 16

local function decode_writes(value)
    local record = {generation = 0, blocked_until = 0, live_until = 0, intents = {}}
    if not value then return record end
    local parts = {pcall(cmsgpack.unpack, value)}
    if not parts[1] or #parts < 4 or #parts % 2 == 1 then return nil end
    record.generation, record.blocked_until, record.live_until = unpack(parts, 2, 4)
    -- Keeps only the end of announcements that ran out.
    record.live_until = 0
    for i = 5, #parts, 2 do
        local id, ends = parts[i], parts[i + 1]
        if now < ends then
            record.intents[#record.intents + 1] = id
            record.intents[#record.intents + 1] = ends
            record.live_until = math.max(record.live_until, ends)
        else
            record.blocked_until = math.max(record.blocked_until, ends)
        end
    end
    return record
end

-- Returns the records of these fields, or nil if one cannot be read or if announcements are lost.
local function load_records(fields)
    local values = load(fields)
    -- If the key of times was evicted, nothing would remove the records.
    local has_times = redis.call('ZCARD', PRUNE) == redis.call('HLEN', WRITES) - CONTROL
    if not epoch or not has_times then return nil end
    local records = {}
    for i, field in ipairs(fields) do
        records[field] = decode_writes(values[CONTROL + i])
        if not records[field] then return nil end
    end
    return records
end

local function prune(limit)
    local fields = redis.call('ZRANGEBYSCORE', PRUNE, '-inf', '(' .. string.format('%.0f', now),
        'LIMIT', 0, limit)
    for first = 1, #fields, CHUNK do
        local last = math.min(first + CHUNK - 1, #fields)
        redis.call('HDEL', WRITES, unpack(fields, first, last))
        redis.call('ZREM', PRUNE, unpack(fields, first, last))
    end
end

-- Changes the records of the fields that the arguments from `first` on name.
local function change(operation, first, apply)
    local fields = {}
    for i = first, #ARGV do fields[#fields + 1] = ARGV[i] end
    local records = load_records(fields)
    if not records then
        start_epoch(operation)
        records = {}
        for _, field in ipairs(fields) do records[field] = decode_writes(nil) end
    end
    epoch.generation = epoch.generation + 1
    prune(2 * #fields + PRUNED)
    for _, field in ipairs(fields) do
        local record = records[field]
        apply(record)
        record.generation = epoch.generation
        local value = cmsgpack.pack(record.generation, record.blocked_until, record.live_until,
            unpack(record.intents))
        redis.call('HSET', WRITES, field, value)
        -- No grant of the time before can count then.
        local last = math.max(now, record.blocked_until, record.live_until)
        redis.call('ZADD', PRUNE, last + MAX_ENTRY_TTL + SLACK, field)
    end
    save_epoch()
end
