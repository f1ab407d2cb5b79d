-- ARGV: key, max_entry_ttl, and of a lease: id, ttl, and the validators that the caller has found
-- and cannot read.
local key, max_entry_ttl = ARGV[3], tonumber(ARGV[4])
local id = ARGV[5]
local value, has_other_type = read('GET', KEYS[3])
local record = decode_record(value)
local generation, blocked_until = load_writes(key, record and record.scopes or '')
if not generation then
    if id then start_epoch(id) end
    return {'written'}
end
local is_allowed = record and allow(record, generation, blocked_until)
local expires
if record and record.validators then
    expires = math.min(record.ends, record.granted_at + max_entry_ttl)
    -- Another process may have replaced them meanwhile.
    if record.validators == ARGV[7] then is_allowed = false end
end
if is_allowed and expires and now < expires then
    return {'hit', now - record.granted_at, expires - now, record.validators}
end
if is_allowed and not expires and now < record.ends then
    -- The same reader asks again, since the first answer was lost.
    if record.id == id then
        return {'leased', record.generation, record.granted_at, 0}
    end
    return {'taken'}
end
local is_written = now < blocked_until
local found_stale = expires and 1 or 0
if not id then
    if is_written then return {'written'} end
    return {'miss', found_stale}
end
if is_written then
    -- An entry or a lease that does not count now never does again.
    if value or has_other_type then redis.call('UNLINK', KEYS[3]) end
    if epoch.write_ttl > last_write_ttl then save_epoch() end
    return {'written'}
end
-- A lease that ran out fills as long as nobody else takes it.
local lease_ttl = tonumber(ARGV[6])
local kept = math.max(lease_ttl, max_entry_ttl) + REMOVAL_DELAY
local lease = cmsgpack.pack(FORMAT, epoch.stamp, epoch.generation, now, id, now + lease_ttl)
redis.call('SET', KEYS[3], lease, 'PX', kept)
-- A clock that goes back behind this grant is noticed.
save_epoch()
return {'leased', epoch.generation, now, found_stale}
