CREATE TABLE IF NOT EXISTS payments (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    cents INTEGER NOT NULL
) STRICT;
-- Messages to other services. Each commits with the payment that it belongs to.
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    message TEXT NOT NULL,
    sent_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (id) WHERE sent_at IS NULL;
