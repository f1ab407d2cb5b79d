-- The same order again and again, with one key.
wrk.method = "POST"
wrk.body = string.rep("x", 256)
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Idempotency-Key"] = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'
