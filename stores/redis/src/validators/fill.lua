-- ARGV: key, the grant's id, generation and time, ttl, scopes, validators.
local key, id, ttl = ARGV[3], ARGV[4], tonumber(ARGV[7])
local scopes, validators = ARGV[8], ARGV[9]
local record = decode_record(read('GET', KEYS[3]))
local generation, blocked_until = load_writes(key, scopes)
if not generation or not is_held(record, id, ARGV[5], ARGV[6]) then
    return 'refused'
end
-- A writer that announces nothing may write right after the lookup.
local expires = record.granted_at + ttl
if expires <= now or not allow(record, generation, blocked_until) then
    redis.call('UNLINK', KEYS[3])
    return 'refused'
end
local entry = cmsgpack.pack(FORMAT, record.stamp, record.generation, record.granted_at, id,
    expires, scopes, validators)
redis.call('SET', KEYS[3], entry, 'PX', expires - now + REMOVAL_DELAY)
return 'stored'
