//! Notes and pages in SQLite. Each write is checked in the transaction that writes.

use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use tower_conditional::{
    ValidatorSource, Validators, VersionTags, handler::Expected, route::Route,
    state_ref::StateSource,
};
use tower_conditional_sqlite::{
    Database, EventLog, GuardError, Guarded, Install, Schema, Scope, Target, VersionSource, Watch,
    rusqlite::{Connection, OptionalExtension, Result as SqlResult, Row, TransactionBehavior},
};

use crate::problem::Problem;

const NOTE: &str = "SELECT id, title, text, version, updated_at FROM notes WHERE id = ?1";
const NOTES: &str = "SELECT id, title, text, version, updated_at FROM notes ORDER BY id";
const PAGE: &str = "SELECT content FROM pages WHERE name = ?1";
const PUT_PAGE: &str = "INSERT INTO pages VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET content = excluded.content";
const VERSION: &str = "SELECT version FROM conditional_versions WHERE scope = ?1";

/// A resource with a version.
#[derive(Debug)]
pub(crate) enum Item {
    Notes,
    Note(i64),
    Page(String),
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Grows by one with each change.
    pub(crate) version: i64,
    /// In seconds since 1970.
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

#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Database,
    tags: VersionTags,
}

impl Store {
    /// Opens the database. One that never held a note is filled with `notes` of them.
    pub(crate) async fn open(path: &str, notes: u32) -> anyhow::Result<Self> {
        let database = Database::open(path)?;
        let migration = database.run(move |connection| {
            connection.execute_batch(include_str!("schema.sql"))?;
            connection.execute(include_str!("seed.sql"), [notes])
        });
        migration.await?;
        let schema = Schema::new()
            .watch(Watch::table("notes").each_row("id").whole_table())?
            .watch(Watch::table("pages").each_row("name"))?
            .events("notes_events")?;
        schema.install(&database).await?;
        let secret = database.run(|connection| {
            connection.execute_batch(include_str!("events.sql"))?;
            connection.query_row("SELECT randomblob(32)", (), |row| row.get::<_, [u8; 32]>(0))
        });
        let tags = match (path, secret.await?) {
            // Versions in memory start anew with each process, and a tag must never come back.
            (":memory:", secret) => VersionTags::keyed(secret)?,
            _ => VersionTags::plain(),
        };
        Ok(Self { database, tags })
    }

    /// Returns the source of current validators, for the layers.
    pub(crate) fn versions(&self) -> impl ValidatorSource + use<> {
        let scope = |request: &Parts| Item::of(request).map(Scope::from);
        VersionSource::new(self.database.clone(), scope).tags(self.tags.clone())
    }

    /// Returns the source of the latest event, which is any write to any note.
    pub(crate) fn events(&self) -> impl StateSource + use<> {
        EventLog::new(self.database.clone(), "notes_events").expect("a name")
    }

    pub(crate) async fn notes(&self) -> Result<(Vec<Note>, Validators), Problem> {
        let notes = |sql: &Connection| sql.prepare(NOTES)?.query_map((), note)?.collect();
        self.read(Item::Notes, notes).await
    }

    pub(crate) async fn note(&self, id: i64) -> Result<(Option<Note>, Validators), Problem> {
        let one = move |sql: &Connection| sql.query_row(NOTE, [id], note).optional();
        self.read(Item::Note(id), one).await
    }

    pub(crate) async fn page(&self, name: String) -> Result<(Option<String>, Validators), Problem> {
        let item = Item::Page(name.clone());
        let page = move |sql: &Connection| sql.query_row(PAGE, [name], |row| row.get(0)).optional();
        self.read(item, page).await
    }

    /// Replaces a note with the result of `change`, or deletes it if that is `None`. Without an `id`
    /// it adds a note, and the expected state is that of the collection. Returns the new state.
    pub(crate) async fn change(
        &self,
        id: Option<i64>,
        expected: Expected,
        change: impl FnOnce(Option<&Note>) -> Result<Option<Draft>, Problem> + Send + 'static,
    ) -> Result<Option<(Note, Validators)>, Problem> {
        let tags = self.tags.clone();
        self.write(id.map_or(Item::Notes, Item::Note), expected, move |tx| {
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
            let validators = validators(tx, Item::Note(note.id), &tags)?;
            Ok(Ok(Some((note, validators))))
        })
        .await
    }

    /// Writes a page, and returns whether it is new.
    pub(crate) async fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> Result<(bool, Validators), Problem> {
        let tags = self.tags.clone();
        self.write(Item::Page(name.clone()), expected, move |tx| {
            let created = !tx.prepare(PAGE)?.exists([&name])?;
            tx.execute(PUT_PAGE, (&name, &content))?;
            Ok(Ok((created, validators(tx, Item::Page(name), &tags)?)))
        })
        .await
    }

    /// Waits for the writes of clients that have disconnected.
    pub(crate) async fn close(self) {
        self.database.close().await;
    }

    /// Reads content and validators in one transaction. Between two transactions somebody could
    /// write, and one tag would stand for two contents.
    async fn read<T: Send + 'static>(
        &self,
        item: Item,
        content: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<(T, Validators), Problem> {
        let tags = self.tags.clone();
        let read = self.database.run(move |connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            Ok((content(&tx)?, validators(&tx, item, &tags)?))
        });
        Ok(read.await?)
    }

    async fn write<T: Send + 'static>(
        &self,
        item: Item,
        expected: Expected,
        write: impl FnOnce(&Guarded<'_>) -> SqlResult<Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let target = Target::scope(item.into()).tags(self.tags.clone());
        match self.database.guarded(expected, target, write).await {
            Ok(written) => written,
            Err(GuardError::Failed(failed)) => Err(Problem::Precondition(failed)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Item {
    /// Returns the resource that a request is about.
    pub(crate) fn of(request: &Parts) -> Option<Self> {
        let path = request.uri.path();
        let named = |pattern, name| Route::new(pattern).ok()?.capture(path, name);
        match (path, named("/notes/{id}", "id")) {
            ("/notes", _) => Some(Self::Notes),
            // As the handler reads it: 007 is 7.
            (_, Some(id)) => id.parse().ok().map(Self::Note),
            _ => Some(Self::Page(named("/pages/{name}", "name")?.into_owned())),
        }
    }
}

impl From<Item> for Scope {
    fn from(item: Item) -> Self {
        match item {
            Item::Notes => Self::table("notes"),
            Item::Note(id) => Self::row("notes", id),
            Item::Page(name) => Self::row("pages", name),
        }
    }
}

/// Reads the validators of an item, as the source makes them.
fn validators(sql: &Connection, item: Item, tags: &VersionTags) -> SqlResult<Validators> {
    let scope = Scope::from(item);
    let tags = tags.scope(&scope);
    let version = sql.query_row(VERSION, [scope.as_str()], |row| row.get(0));
    let tag = version.optional()?.map(|version| tags.number(version));
    Ok(tag.map(Validators::from).unwrap_or_default())
}

fn note(row: &Row<'_>) -> SqlResult<Note> {
    let (id, title, text) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (version, updated_at) = (row.get(3)?, row.get(4)?);
    Ok(Note {
        id,
        title,
        text,
        version,
        updated_at,
    })
}
