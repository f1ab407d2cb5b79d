-- Claims a key: fingerprint, owner, lease, replay, tombstone, '1' for a takeover.
local now = current_time()
local fingerprint, owner = ARGV[2], ARGV[3]

local function started(record)
    return {'started', record.fence, record.attempt, record.takes_over}
end

local function start(last, takes_over)
    local lease_until = now + tonumber(ARGV[4])
    local replay = tonumber(ARGV[5])
    local record = {
        fingerprint = fingerprint,
        owner = owner,
        -- The fence never goes back, even if the record before was only not freed yet.
        fence = math.min((last and last.fence or 0) + 1, MAX),
        attempt = math.min((last and last.attempt or 0) + 1, 4294967295),
        takes_over = takes_over,
        state = IN_FLIGHT,
        detail = lease_until,
        replay = replay,
        tombstone = tonumber(ARGV[6]),
        -- An attempt that is lost must not be forgotten before its lease has run out.
        expires = lease_until + replay,
        response = '',
    }
    write(record, now)
    return started(record)
end

-- Gives an attempt that claims again a new lease. Its steps from before stay without effect.
local function resume(record)
    record.fingerprint = fingerprint
    record.fence = math.min(record.fence + 1, MAX)
    record.detail = now + tonumber(ARGV[4])
    record.replay = tonumber(ARGV[5])
    record.tombstone = tonumber(ARGV[6])
    record.expires = record.detail + record.replay
    rewrite(record, now)
    return started(record)
end

local record, fault = read()
if fault then
    return {'corrupt', fault}
end
if not record or record.expires + record.tombstone <= now then
    return start(record, 0)
end
local is_own = record.owner == owner
if record.state == RELEASED then
    -- A duplicate of a claim whose attempt has ended already. Nobody waits for its answer.
    if is_own then
        return started(record)
    end
    return start(record, 0)
end
if record.expires <= now then
    return {'expired'}
end
-- Fingerprints of different versions, their first bytes, cannot be compared.
if record.fingerprint ~= fingerprint
    and string.byte(record.fingerprint) == string.byte(fingerprint)
then
    return {'mismatch'}
end
if record.state == COMPLETED then
    return {'replay', record.response}
end
if record.state == SEALED then
    return {'sealed', record.detail}
end
if now < record.detail then
    -- The same attempt asks again, since the first answer was lost.
    if is_own then
        return started(record)
    end
    return {'in_flight', record.detail - now}
end
-- Nobody took over or settled the key, and only the claimant knows that nothing ran.
if is_own then
    return resume(record)
end
if ARGV[7] == '1' then
    return start(record, 1)
end
return {'unknown', record.fence}
