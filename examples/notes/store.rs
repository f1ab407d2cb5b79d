//! Notes, pages and orders in SQLite. The transaction that writes also checks the condition, or
//! records the response of an idempotency key.

use axum::{body::Bytes, response::Response};
use serde::{Deserialize, Serialize};
use tower_conditional::{
    Current, EntityTag, Validators, VersionTags, handler::Expected, idempotency::Attempt,
    state_ref::StateSource, store::IdempotencyStore,
};
use tower_conditional_sqlite::{
    Database, EventLog, GuardError, Guarded, Install, Schema, Scope, SqliteIdempotencyStore,
    Statements, Target, Watch,
    rusqlite::{Connection, OptionalExtension, Result as SqlResult, Row, TransactionBehavior},
};

use crate::{events::NoteChanges, problem::Problem};

const NOTE: &str = "SELECT * FROM notes WHERE id = ?1";
const PAGE: &str = "SELECT content FROM pages WHERE name = ?1";
pub(crate) const PLACE: &str = "INSERT INTO orders (item, quantity) VALUES (?1, ?2) RETURNING *";
const PUT_PAGE: &str = "INSERT INTO pages VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET content = excluded.content";

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) text: String,
    /// The version, which grows by one with each change.
    pub(crate) version: i64,
    /// The time of the last change, in seconds since 1970.
    #[serde(skip)]
    pub(crate) updated_at: i64,
}

/// The part of a note that clients set.
#[derive(Debug, Deserialize)]
pub(crate) struct Draft {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) text: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Order {
    /// The number, which grows by one with each order.
    #[serde(rename = "order", skip_deserializing)]
    pub(crate) number: i64,
    pub(crate) item: String,
    pub(crate) quantity: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) database: Database,
    changes: NoteChanges,
    tags: VersionTags,
}

impl Store {
    /// Opens the database. If it never had a note, adds so many `notes`.
    pub(crate) async fn open(path: &str, notes: u32, changes: NoteChanges) -> anyhow::Result<Self> {
        let database = Database::open(path)?;
        let tables = database.run(|sql| sql.execute_batch(include_str!("schema.sql")));
        tables.await?;
        let schema = Schema::new()
            .watch(Watch::table("notes").each_row("id").whole_table())?
            .watch(Watch::table("pages").each_row("name"))?
            .events("notes_events")?;
        schema.install(&database).await?;
        let keys = SqliteIdempotencyStore::new(database.clone());
        keys.install().await?;
        let secret = database.run(move |sql| {
            sql.execute(include_str!("seed.sql"), [notes])?;
            sql.execute_batch(include_str!("events.sql"))?;
            sql.query_row("SELECT randomblob(32)", (), |row| row.get::<_, [u8; 32]>(0))
        });
        let tags = match (path, secret.await?) {
            // In memory, versions start again with each process, and a tag must never be used twice.
            (":memory:", secret) => VersionTags::keyed(secret)?,
            _ => VersionTags::plain(),
        };
        Ok(Self {
            database,
            changes,
            tags,
        })
    }

    /// Returns the source of the latest event. Each write to a note is an event.
    pub(crate) fn events(&self) -> impl StateSource + use<> {
        EventLog::new(self.database.clone(), "notes_events").expect("a name")
    }

    /// Returns the current tag of a scope, or `None` if it is absent.
    pub(crate) async fn tag(&self, scope: Scope) -> anyhow::Result<Option<EntityTag>> {
        let ((), validators) = self.read(scope, |_| Ok(())).await?;
        Ok(validators.etag)
    }

    pub(crate) async fn notes(&self) -> Result<(Vec<Note>, Validators), Problem> {
        let all = |sql: &Connection| {
            let mut notes = sql.prepare("SELECT * FROM notes ORDER BY id")?;
            notes.query_map((), note)?.collect()
        };
        Ok(self.read(Scope::table("notes"), all).await?)
    }

    pub(crate) async fn note(&self, id: i64) -> Result<(Option<Note>, Validators), Problem> {
        let one = move |sql: &Connection| sql.query_row(NOTE, [id], note).optional();
        Ok(self.read(Scope::row("notes", id), one).await?)
    }

    pub(crate) async fn page(&self, name: String) -> Result<(Option<String>, Validators), Problem> {
        let scope = Scope::row("pages", &name);
        let page = move |sql: &Connection| sql.query_row(PAGE, [name], |row| row.get(0)).optional();
        Ok(self.read(scope, page).await?)
    }

    /// Replaces a note with the result of `change`, or deletes it if that is `None`. Announces the
    /// change, and returns the new state.
    ///
    /// Without an `id` it adds a note, and the expected state is that of the collection.
    pub(crate) async fn change(
        &self,
        id: Option<i64>,
        expected: Expected,
        change: impl FnOnce(Option<&Note>) -> Result<Option<Draft>, Problem> + Send + 'static,
    ) -> Result<Option<(Note, Validators)>, Problem> {
        let scope = id.map_or_else(|| Scope::table("notes"), |id| Scope::row("notes", id));
        let write = move |tx: &Guarded<'_>| {
            let current = tx.query_row(NOTE, [id], note).optional()?;
            let Draft { title, text } = match change(current.as_ref()) {
                Ok(Some(draft)) => draft,
                Ok(None) => {
                    tx.execute("DELETE FROM notes WHERE id = ?1", [id])?;
                    return Ok(Ok(None));
                }
                Err(problem) => return Ok(Err(problem)),
            };
            let note = tx.query_row(include_str!("put.sql"), (id, title, text), note)?;
            let written = tx.read(&Scope::row("notes", note.id))?;
            Ok(Ok(Some((note, validators(&written)))))
        };
        let store = self.clone();
        let write = async move { store.write(scope, expected, write).await };
        self.changes.announce(id, write).await
    }

    /// Writes a page. Returns `true` if the page is new.
    pub(crate) async fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> Result<(bool, Validators), Problem> {
        self.write(Scope::row("pages", &name), expected, move |tx| {
            let created = !tx.prepare(PAGE)?.exists([&name])?;
            tx.execute(PUT_PAGE, (name, content))?;
            Ok(Ok((created, validators(&tx.current()?))))
        })
        .await
    }

    /// Returns the store of idempotency keys. Its records commit with the orders.
    pub(crate) fn keys(&self) -> impl IdempotencyStore + use<> {
        SqliteIdempotencyStore::new(self.database.clone())
    }

    pub(crate) async fn orders(&self) -> Result<Vec<Order>, Problem> {
        let all = self.database.run(|sql| {
            let mut orders = sql.prepare("SELECT * FROM orders ORDER BY number")?;
            orders.query_map((), order)?.collect()
        });
        Ok(all.await?)
    }

    /// Places an order and records its response, in one transaction.
    pub(crate) async fn place(
        &self,
        attempt: &Attempt,
        new: Order,
        respond: impl FnOnce(&Order) -> Response<Bytes> + Send + 'static,
    ) -> Result<Response<Bytes>, Problem> {
        let placed = self.database.keyed(attempt, move |keyed| {
            let placed = keyed.query_row(PLACE, (new.item, new.quantity), order)?;
            keyed.commit(respond(&placed))
        });
        Ok(placed.await?)
    }

    /// Waits for the writes of clients that have disconnected.
    pub(crate) async fn close(self) {
        self.database.close().await;
    }

    /// Reads content and validators in one transaction. With two transactions, a write could come
    /// between, and the tag would be on other content.
    async fn read<T: Send + 'static>(
        &self,
        scope: Scope,
        content: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> anyhow::Result<(T, Validators)> {
        let statements = Statements::new().tags(self.tags.clone());
        let read = self.database.run(move |sql| {
            let tx = sql.transaction_with_behavior(TransactionBehavior::Deferred)?;
            let keys = [scope.as_str(), scope.watch_key()];
            let versions: String = tx.query_row(statements.read(), keys, |row| row.get(0))?;
            Ok((content(&tx)?, statements.current(&scope, versions)))
        });
        let (content, current) = read.await?;
        Ok((content, validators(&current?)))
    }

    async fn write<T: Send + 'static>(
        &self,
        scope: Scope,
        expected: Expected,
        write: impl FnOnce(&Guarded<'_>) -> SqlResult<Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let target = Target::scope(scope).tags(self.tags.clone());
        match self.database.guarded(expected, target, write).await {
            Ok(written) => written,
            Err(GuardError::Precondition(failed)) => Err(Problem::Precondition(failed)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the validators of a state, which are empty if it is absent.
pub(crate) fn validators(current: &Current) -> Validators {
    current.validators().cloned().unwrap_or_default()
}

fn note(row: &Row<'_>) -> SqlResult<Note> {
    Ok(Note {
        id: row.get("id")?,
        title: row.get("title")?,
        text: row.get("text")?,
        version: row.get("version")?,
        updated_at: row.get("updated_at")?,
    })
}

pub(crate) fn order(row: &Row<'_>) -> SqlResult<Order> {
    Ok(Order {
        number: row.get("number")?,
        item: row.get("item")?,
        quantity: row.get("quantity")?,
    })
}
