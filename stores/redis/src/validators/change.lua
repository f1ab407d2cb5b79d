-- The records of written targets. Each change removes a few more old records than it adds.
local PRUNED = 16

local function decode_writes(value)
    local record = {blocked_until = 0, live_until = 0, intents = {}}
    if not value then return record end
    local parts = {pcall(cmsgpack.unpack, value)}
    if not parts[1] or #parts < 4 or #parts % 2 == 1 then return nil end
    record.blocked_until = parts[3]
    -- Keeps only the end of announcements that ran out.
    local intents, count = record.intents, 0
    for i = 5, #parts, 2 do
        local id, ends = parts[i], parts[i + 1]
        if now < ends then
            intents[count + 1], intents[count + 2] = id, ends
            count = count + 2
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
    if not epoch then return nil end
    -- If the key of times was evicted or replaced, nothing would remove the records.
    local has_times = read('ZCARD', PRUNE) == redis.call('HLEN', WRITES) - CONTROL
    if not has_times then return nil end
    local records = {}
    for i = 1, #fields do
        local record = decode_writes(values[CONTROL + i])
        if not record then return nil end
        records[fields[i]] = record
    end
    return records
end

-- Calls a command in chunks. They are even, so the two arguments of a pair stay together.
local function call_in_chunks(command, key, arguments)
    for first = 1, #arguments, CHUNK do
        local last = math.min(first + CHUNK - 1, #arguments)
        redis.call(command, key, unpack(arguments, first, last))
    end
end

local function prune(limit)
    local fields = redis.call('ZRANGEBYSCORE', PRUNE, '-inf', '(' .. string.format('%.0f', now),
        'LIMIT', 0, limit)
    call_in_chunks('HDEL', WRITES, fields)
    call_in_chunks('ZREM', PRUNE, fields)
end

-- Changes the records of the fields that the arguments from `first` on name.
local function change(operation, first, apply)
    local fields = {}
    for i = first, #ARGV do fields[i - first + 1] = ARGV[i] end
    local records = load_records(fields)
    if not records then
        start_epoch(operation)
        records = {}
        for i = 1, #fields do records[fields[i]] = decode_writes(nil) end
    end
    epoch.generation = epoch.generation + 1
    prune(2 * #fields + PRUNED)
    local values, times = {}, {}
    for i = 1, #fields do
        local record = records[fields[i]]
        apply(record)
        values[2 * i - 1] = fields[i]
        values[2 * i] = cmsgpack.pack(epoch.generation, record.blocked_until,
            record.live_until, unpack(record.intents))
        -- No grant of the time before can count then.
        local last = math.max(now, record.blocked_until, record.live_until)
        times[2 * i - 1] = last + MAX_ENTRY_TTL + REMOVAL_DELAY
        times[2 * i] = fields[i]
    end
    call_in_chunks('HSET', WRITES, values)
    call_in_chunks('ZADD', PRUNE, times)
    save_epoch()
end
