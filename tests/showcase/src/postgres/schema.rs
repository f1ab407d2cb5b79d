//! The migration: tables, their first rows, and the schema that keeps their versions.

use tokio_postgres::Client;
use tower_conditional_postgres::{Install, PostgresIdempotencyStore, Schema, Watch};

const FILLER: &str = "Read it once and keep its tag: as long as nobody edits it, asking again \
    costs a few header bytes. Edit it, and the next reader gets the new text at once.";

/// The lock of the migration, since several processes may start at once.
const LOCK: &str = "SELECT pg_advisory_lock(hashtext('notes'))";
const UNLOCK: &str = "SELECT pg_advisory_unlock(hashtext('notes'))";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS notes (
    id bigint PRIMARY KEY,
    title text NOT NULL,
    text text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    updated_at bigint NOT NULL DEFAULT extract(epoch FROM now())::bigint
);
CREATE SEQUENCE IF NOT EXISTS notes_id OWNED BY notes.id;
CREATE TABLE IF NOT EXISTS pages (
    name text PRIMARY KEY,
    content text NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    number bigint PRIMARY KEY,
    item text NOT NULL,
    quantity bigint NOT NULL
);
INSERT INTO pages VALUES ('home', E'<h1>Home</h1>\\n'), ('about', E'<h1>About</h1>\\n')
ON CONFLICT DO NOTHING;
";

const SEED: &str = "
INSERT INTO notes (id, title, text)
SELECT nextval('notes_id'), 'Note ' || n, 'This is note ' || n || '. ' || $2::text
FROM generate_series(1, $1::bigint) n
WHERE (SELECT NOT is_called FROM notes_id)";

/// The first identifier of the log. An empty log has the identifier 0, which a client could guess.
const FIRST_EVENT: &str = "
INSERT INTO notes_events (event)
SELECT 'the log begins' WHERE NOT EXISTS (SELECT 1 FROM notes_events)";

/// Runs at each start. If the database never had a note, adds so many `notes`.
pub(super) async fn migrate(client: &Client, notes: u32) -> anyhow::Result<()> {
    client.batch_execute(LOCK).await?;
    let installed = install(client, notes).await;
    client.batch_execute(UNLOCK).await?;
    installed
}

async fn install(client: &Client, notes: u32) -> anyhow::Result<()> {
    client.batch_execute(TABLES).await?;
    client.execute(SEED, &[&i64::from(notes), &FILLER]).await?;
    Schema::new()
        .watch(Watch::table("notes").each_row("id").whole_table().slots(8))?
        .watch(Watch::table("pages").each_row("name"))?
        .events("notes_events")?
        .install(client)
        .await?;
    PostgresIdempotencyStore::install(client).await?;
    client.execute(FIRST_EVENT, &[]).await?;
    Ok(())
}
