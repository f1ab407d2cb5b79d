-- Calls a command that reads. Returns nil if its key has a value of another type, which no step
-- has written, and then `true`.
local function read(...)
    local reply = redis.pcall(...)
    if type(reply) == 'table' and reply.err then
        if string.find(reply.err, 'WRONGTYPE', 1, true) == 1 then return nil, true end
        -- A second call raises the error.
        return redis.call(...)
    end
    return reply
end
