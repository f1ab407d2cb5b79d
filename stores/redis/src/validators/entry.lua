-- The record of a key: an entry or a lease. KEYS[3] has it.
local FORMAT = 1

-- Returns the record, or nil if there is none of this format.
local function decode_record(value)
    if not value then return nil end
    local is_packed, format, stamp, generation, granted_at, id, ends, scopes, validators =
        pcall(cmsgpack.unpack, value)
    if not is_packed or format ~= FORMAT or type(stamp) ~= 'string' or type(id) ~= 'string'
        or type(generation) ~= 'number' or type(granted_at) ~= 'number'
        or type(ends) ~= 'number' then
        return nil
    end
    local record = {stamp = stamp, generation = generation, granted_at = granted_at, id = id,
        ends = ends}
    if validators then record.scopes, record.validators = scopes, validators end
    return record
end
