-- ARGV: id, ttl, and the fields of the targets.
local id, ttl = ARGV[3], tonumber(ARGV[4])
local MAX_INTENTS = 256
change(id, 5, function(record)
    -- The time is cut to milliseconds, so the write may have begun later.
    local ends = now + ttl + 1
    local intents = record.intents
    for i = 1, #intents, 2 do
        if intents[i] == id then
            intents[i + 1] = math.max(intents[i + 1], ends)
            record.live_until = math.max(record.live_until, ends)
            return
        end
    end
    if #intents >= 2 * MAX_INTENTS then
        -- Nobody can end it, so the target is slow until it runs out.
        record.blocked_until = math.max(record.blocked_until, ends)
        return
    end
    intents[#intents + 1] = id
    intents[#intents + 1] = ends
    record.live_until = math.max(record.live_until, ends)
end)
return 'begun'
