-- KEYS: the record of a key. ARGV: the grant's id, generation and time.
local record = decode_record(read('GET', KEYS[1]))
if is_held(record, ARGV[2], ARGV[3], ARGV[4]) then
    redis.call('UNLINK', KEYS[1])
end
return 'released'
