-- Ends an attempt: owner, fence, state, detail, response.
local now = current_time()
local owner, fence = ARGV[2], tonumber(ARGV[3])
local state, detail = tonumber(ARGV[4]), tonumber(ARGV[5])
local record, fault = read()
if fault then
    return {'corrupt', fault}
end
if not record then
    return {'lost'}
end
-- The answer to the first delivery was lost: the change is made already.
if record.state == state and record.detail == detail
    and record.owner == owner and record.fence == fence
then
    return {'applied'}
end
if not is_held(record, owner, fence, now) then
    return {'lost'}
end
change(record, state, detail, ARGV[6], now)
return {'applied'}
