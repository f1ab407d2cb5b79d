-- ARGV: the field of the target.
change(ARGV[3], 3, function() end)
return 'invalidated'
