-- Returns `true` if the record is the lease of this grant.
local function is_held(record, id, generation, granted_at)
    return record ~= nil and not record.validators and record.id == id
        and record.generation == tonumber(generation)
        and record.granted_at == tonumber(granted_at)
end
