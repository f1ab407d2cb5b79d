INSERT INTO notes (id, title, text) VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE SET
    title = excluded.title,
    text = excluded.text,
    version = version + 1,
    updated_at = unixepoch()
RETURNING id, title, text, version, updated_at
