-- Settles an attempt whose outcome is unknown: fence, state, detail, response.
local now = current_time()
local fence, state, detail = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local response = ARGV[5]
local record, fault = read()
if fault then
    return {'corrupt', fault}
end
if not record or record.expires <= now then
    return {'lost'}
end
-- The answer to the first delivery was lost: the key is settled already.
if record.fence == fence + 1 and record.state == state and record.detail == detail
    and record.response == response
then
    return {'applied'}
end
if record.fence ~= fence or not is_unknown(record, now) then
    return {'lost'}
end
-- The operator takes the key over, so that the lost attempt's late steps stay without effect.
record.fence = fence + 1
change(record, state, detail, response, now)
return {'applied'}
