-- The epoch: the time for which the server is known to have lost nothing. KEYS[1] has the epoch
-- and the records of writes, KEYS[2] the times at which records are removed. ARGV[2] is the
-- longest announcement of the caller.
local WRITES, PRUNE = KEYS[1], KEYS[2]
-- The number of the epoch's own fields, which `load` names.
local CONTROL = 6
-- A clock that is set back by less stands still instead.
local MAX_STEP_BACK = 1000
-- Lua passes at most a few thousand arguments.
local CHUNK = 1000

local now = current_time()
-- A promoted replica and a restarted server have a new identity of replication.
local replication = redis.call('INFO', 'replication')
if not string.find(replication, '\nrole:master\r', 1, true) then
    return redis.error_reply('READONLY a replica does not know the last writes')
end
local _, before_id = string.find(replication, '\nmaster_replid:', 1, true)
-- The first part is the version of the format. The identity has 40 digits.
local run = '1:' .. string.sub(replication, before_id + 1, before_id + 40)
-- The epoch is over if this is nil.
local epoch, last_stamp, last_write_ttl

-- Reads the epoch, and returns the values of its fields and then the records of these fields.
local function load(fields)
    local values = read('HMGET', WRITES, 'run', 'stamp', 'since', 'write_ttl', 'generation',
        'clock', unpack(fields, 1, math.min(#fields, CHUNK)))
    -- A value of another type is as good as none.
    if not values then
        epoch, last_stamp, last_write_ttl = nil, '', 0
        return {}
    end
    for first = CHUNK + 1, #fields, CHUNK do
        local last = math.min(first + CHUNK - 1, #fields)
        local part = redis.call('HMGET', WRITES, unpack(fields, first, last))
        for i = 1, #part do values[CONTROL + first + i - 1] = part[i] end
    end
    last_stamp, last_write_ttl = values[2] or '', tonumber(values[4]) or 0
    epoch = {
        stamp = values[2],
        since = tonumber(values[3]),
        write_ttl = math.max(last_write_ttl, tonumber(ARGV[2])),
        generation = tonumber(values[5]),
        clock = tonumber(values[6]),
    }
    if values[1] ~= run or not (epoch.stamp and epoch.since and epoch.generation and epoch.clock)
        or now < epoch.clock - MAX_STEP_BACK then
        epoch = nil
        return values
    end
    now = math.max(now, epoch.clock)
    return values
end

-- Starts an epoch, without entries, leases and announcements. The operation makes its stamp
-- unique.
local function start_epoch(operation)
    local time = redis.call('TIME')
    local seed = table.concat({last_stamp, run, operation, time[1], time[2]}, ':')
    epoch = {
        stamp = string.sub(redis.sha1hex(seed), 1, 32),
        since = now,
        write_ttl = math.max(last_write_ttl, tonumber(ARGV[2])),
        generation = 0,
        clock = now,
    }
    redis.call('UNLINK', WRITES, PRUNE)
    redis.call('HSET', WRITES, 'run', run, 'stamp', epoch.stamp, 'since', epoch.since,
        'write_ttl', epoch.write_ttl, 'generation', epoch.generation, 'clock', epoch.clock)
end

-- Notes the time and the generation of a change.
local function save_epoch()
    redis.call('HSET', WRITES, 'write_ttl', epoch.write_ttl, 'generation', epoch.generation,
        'clock', now)
end
