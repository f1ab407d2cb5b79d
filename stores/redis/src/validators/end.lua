-- ARGV: id, and the fields of the targets.
local id, is_lost = ARGV[3], false
change(id, 4, function(record)
    local intents, found = {}, false
    record.live_until = 0
    for i = 1, #record.intents, 2 do
        local other, ends = record.intents[i], record.intents[i + 1]
        if other == id then
            found = true
        else
            intents[#intents + 1] = other
            intents[#intents + 1] = ends
            record.live_until = math.max(record.live_until, ends)
        end
    end
    record.intents = intents
    -- It may be one that is not listed.
    is_lost = is_lost or not (found or now < record.blocked_until)
end)
return is_lost and 'lost' or 'ended'
