-- Extends the lease of an attempt: owner, fence, lease.
local now = current_time()
local record, fault = read()
if fault then
    return {'corrupt', fault}
end
if not record or not is_held(record, ARGV[2], tonumber(ARGV[3]), now) then
    return {'lost'}
end
record.detail = now + tonumber(ARGV[4])
record.expires = record.detail + record.replay
rewrite(record, now)
return {'applied'}
