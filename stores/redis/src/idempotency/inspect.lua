-- Returns the record for operators.
local now = current_time()
local record, fault = read()
if fault then
    return {'corrupt', fault}
end
if not record or record.expires <= now then
    return {'none'}
end
return {
    'record', record.state, record.detail, is_unknown(record, now) and 1 or 0, record.fence,
    record.attempt, record.response,
}
