-- Records of idempotency keys. The rules are those of `KeyRecord`.
local IN_FLIGHT, COMPLETED, SEALED, RELEASED = 0, 1, 2, 3
local FORMAT = 1
-- A record is freed this many milliseconds after its time. So neither the clock of a test nor
-- one that is set back finds a record gone that it still counts.
local SLACK = 60000
-- The largest whole number below which a double skips none.
local MAX = 9007199254740991

local function is_whole(value)
    return type(value) == 'number' and value >= 0 and value <= MAX and value % 1 == 0
end

local function is_text(value, length)
    return type(value) == 'string' and #value == length
end

local function unpack_record(value)
    local is_packed, fields, rest = pcall(cmsgpack.unpack, value)
    if not is_packed or type(fields) ~= 'table' or rest ~= nil then
        return nil, 'it is no record'
    end
    if fields[1] ~= FORMAT then
        return nil, 'it has another format than version ' .. FORMAT
    end
    local record = {
        fingerprint = fields[2],
        owner = fields[3],
        fence = fields[4],
        attempt = fields[5],
        takes_over = fields[6],
        state = fields[7],
        -- The end of the lease of an attempt, or the reason of a seal.
        detail = fields[8],
        replay = fields[9],
        tombstone = fields[10],
        expires = fields[11],
        response = fields[12],
    }
    if #fields ~= 12
        or not (is_text(record.fingerprint, 33) and is_text(record.owner, 16))
        or not (is_whole(record.fence) and is_whole(record.attempt))
        or not (record.takes_over == 0 or record.takes_over == 1)
        or not (is_whole(record.state) and record.state <= RELEASED)
        or not (is_whole(record.detail) and is_whole(record.replay))
        or not (is_whole(record.tombstone) and is_whole(record.expires))
        or type(record.response) ~= 'string'
    then
        return nil, 'its fields are not those of version ' .. FORMAT
    end
    return record
end

-- Returns the record, or nothing, or the reason why there is none to read.
local function read()
    local value = redis.pcall('GET', KEYS[1])
    if type(value) == 'table' then
        if string.find(value.err, 'WRONGTYPE', 1, true) then
            return nil, 'it is no string'
        end
        error(value.err)
    end
    if not value then
        return nil
    end
    return unpack_record(value)
end

local function room_until(record, now)
    return record.expires + record.tombstone - now + SLACK
end

local function write(record, now)
    local value = cmsgpack.pack({
        FORMAT, record.fingerprint, record.owner, record.fence, record.attempt,
        record.takes_over, record.state, record.detail, record.replay, record.tombstone,
        record.expires, record.response,
    })
    redis.call('SET', KEYS[1], value, 'PX', room_until(record, now))
end

-- Writes a record that is there already, even if the server has no memory left: a script that
-- has changed something may go on. What an attempt has done must not be lost for want of room.
local function rewrite(record, now)
    redis.call('PEXPIRE', KEYS[1], room_until(record, now))
    write(record, now)
end

local function change(record, state, detail, response, now)
    record.state = state
    record.detail = detail
    record.response = response
    -- The retention counts from the completion.
    record.expires = now + record.replay
    rewrite(record, now)
end

local function is_held(record, owner, fence, now)
    return record.state == IN_FLIGHT and now < record.detail
        and record.owner == owner and record.fence == fence
end

local function is_unknown(record, now)
    return record.state == IN_FLIGHT and record.detail <= now
end
