-- Reads the epoch, and returns the generation and the end of the writes of everything, of a key
-- and of scopes. Returns nothing if the epoch is over.
local function load_writes(key, scopes)
    local fields = {'a', 'k' .. key}
    for first = 1, #scopes, 32 do
        fields[#fields + 1] = 's' .. string.sub(scopes, first, first + 31)
    end
    local values = load(fields)
    if not epoch then return nil end
    -- Announcements of the time before the epoch are lost, and have ended by then.
    local generation, blocked_until = 0, epoch.since + epoch.write_ttl
    for i = 1, #fields do
        local value = values[CONTROL + i]
        if value then
            local is_packed, _, changed, past, live = pcall(cmsgpack.unpack_limit, value, 3, 0)
            if not is_packed or type(changed) ~= 'number' or type(past) ~= 'number'
                or type(live) ~= 'number' then
                epoch = nil
                return nil
            end
            generation = math.max(generation, changed)
            blocked_until = math.max(blocked_until, past, live)
        end
    end
    return generation, blocked_until
end

-- Returns `true` if the state that was read with the grant of this record is the current one,
-- given the generation and the end of the writes.
local function allow(record, generation, blocked_until)
    return record.stamp == epoch.stamp and generation <= record.generation
        and blocked_until <= record.granted_at
end
