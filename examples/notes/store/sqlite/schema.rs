//! The migration: tables, their first rows, and the schema that keeps versions of them.

use tower_conditional_sqlite::{Database, Install, Schema, Watch};

use crate::store::{FILLER, StoreError};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    updated_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE TABLE IF NOT EXISTS pages (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
) STRICT;
INSERT INTO pages VALUES
    ('home', '<h1>Home</h1>' || char(10)),
    ('about', '<h1>About</h1>' || char(10))
ON CONFLICT DO NOTHING;
";

const SEED: &str = "
WITH RECURSIVE seed(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?1)
INSERT INTO notes (title, text)
SELECT 'Note ' || n, 'This is note ' || n || '. ' || ?2 FROM seed
WHERE ?1 > 0 AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'notes')";

/// Identifiers start where no other database's do, and never at what a client may make up.
const FIRST_EVENT: &str = "
INSERT INTO notes_events (id, event)
SELECT 1 + (random() & 0xffffffffffff), 'the log begins'
WHERE NOT EXISTS (SELECT 1 FROM notes_events)";

/// Runs at each start. A database that never held a note is filled with `notes` of them.
pub(super) async fn migrate(database: &Database, notes: u32) -> Result<(), StoreError> {
    database
        .run(move |connection| {
            connection.execute_batch(TABLES)?;
            connection.execute(SEED, (notes, FILLER))
        })
        .await?;
    Schema::new()
        .watch(Watch::table("notes").each_row("id").whole_table())
        .and_then(|schema| schema.watch(Watch::table("pages").each_row("name")))
        .and_then(|schema| schema.events("notes_events"))
        .map_err(StoreError::database)?
        .install(database)
        .await?;
    database
        .run(|connection| connection.execute(FIRST_EVENT, ()))
        .await?;
    Ok(())
}
