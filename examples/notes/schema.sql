CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    updated_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS pages (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
) STRICT;
INSERT INTO pages VALUES
    ('home', '<h1>Home</h1>' || char(10)),
    ('about', '<h1>About</h1>' || char(10))
ON CONFLICT DO NOTHING;
