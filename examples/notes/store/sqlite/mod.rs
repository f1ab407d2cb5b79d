mod schema;

use axum::http::request::Parts;
use tower_conditional::{
    Current, ValidatorSource, Validators, VersionTags, handler::Expected, state_ref::StateSource,
};
use tower_conditional_sqlite::{
    Database, EventLog, GuardError, Scope, Target, VersionSource,
    rusqlite::{self, Connection, OptionalExtension, Row},
};

use super::{Item, Storage, StoreError, Written};
use crate::note::{Change, Draft, Note};

/// Each read has the version that the schema keeps beside the content.
const NOTES: &str = "
SELECT id, title, text, notes.version, updated_at, kept.version AS kept
FROM conditional_versions AS kept LEFT JOIN notes ON true
WHERE scope = ?1 ORDER BY id";

const NOTE: &str = "
SELECT id, title, text, notes.version, updated_at, kept.version AS kept
FROM notes JOIN conditional_versions AS kept ON scope = ?2
WHERE id = ?1";

const PAGE: &str = "
SELECT content, version FROM pages JOIN conditional_versions ON scope = ?2
WHERE name = ?1";

const PUT: &str = "
INSERT INTO notes (id, title, text) VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text,
    version = version + 1, updated_at = unixepoch()
RETURNING id, title, text, version, updated_at";

#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    database: Database,
    tags: VersionTags,
}

impl Sqlite {
    /// Opens the database. One that never held a note is filled with `notes` of them.
    pub(crate) async fn open(path: &str, notes: u32) -> Result<Self, StoreError> {
        let (database, tags) = match path {
            ":memory:" => keyed(Database::in_memory()?).await?,
            path => (Database::open(path)?, VersionTags::plain()),
        };
        schema::migrate(&database, notes).await?;
        Ok(Self { database, tags })
    }

    /// The scope of an item, and the tags of its versions, as the source makes them.
    fn scoped(&self, item: Item) -> (Scope, VersionTags) {
        let scope = scope(item);
        let tags = self.tags.scope(&scope);
        (scope, tags)
    }

    fn target(&self, item: Item) -> Target {
        Target::scope(scope(item)).tags(self.tags.clone())
    }
}

/// Tags with a key of this process: its versions in memory start anew, and a tag must not come back.
async fn keyed(database: Database) -> Result<(Database, VersionTags), StoreError> {
    let secret: [u8; 32] = database
        .run(|connection| connection.query_row("SELECT randomblob(32)", (), |row| row.get(0)))
        .await?;
    let tags = VersionTags::keyed(secret).map_err(StoreError::database)?;
    Ok((database, tags))
}

impl Storage for Sqlite {
    fn versions(&self, item: fn(&Parts) -> Option<Item>) -> impl ValidatorSource + use<> {
        VersionSource::new(self.database.clone(), move |request| {
            item(request).map(scope)
        })
        .tags(self.tags.clone())
    }

    fn events(&self) -> impl StateSource + use<> {
        EventLog::new(self.database.clone(), "notes_events").expect("a name")
    }

    async fn notes(&self) -> Result<(Vec<Note>, Validators), StoreError> {
        let (scope, tags) = self.scoped(Item::Notes);
        let all = self.database.run(move |connection| {
            let mut statement = connection.prepare(NOTES)?;
            let mut rows = statement.query([scope.as_str()])?;
            let (mut notes, mut validators) = (Vec::new(), Validators::new());
            while let Some(row) = rows.next()? {
                validators = tags.number(row.get("kept")?).into();
                // Without notes there is one row, with the version alone.
                if row.get::<_, Option<i64>>("id")?.is_some() {
                    notes.push(from_row(row)?);
                }
            }
            Ok((notes, validators))
        });
        Ok(all.await?)
    }

    async fn note(&self, id: i64) -> Result<Option<(Note, Validators)>, StoreError> {
        let (scope, tags) = self.scoped(Item::Note(id));
        let one = self.database.run(move |connection| {
            let one = connection.query_row(NOTE, (id, scope.as_str()), |row| {
                Ok((from_row(row)?, tags.number(row.get("kept")?).into()))
            });
            one.optional()
        });
        Ok(one.await?)
    }

    async fn create(&self, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        let store = self.clone();
        let target = self.target(Item::Notes);
        let created = self.database.guarded(expected, target, move |tx| {
            let note = tx.query_row(
                "INSERT INTO notes (title, text) VALUES (?1, ?2)
                 RETURNING id, title, text, version, updated_at",
                (&draft.title, &draft.text),
                from_row,
            )?;
            log(tx, note.id, "created")?;
            // In the same transaction: later it could be the tag of another write.
            let (scope, tags) = store.scoped(Item::Note(note.id));
            let version = tx.query_row(
                "SELECT version FROM conditional_versions WHERE scope = ?1",
                [scope.as_str()],
                |row| row.get(0),
            )?;
            Ok(Written::Created(note, tags.number(version).into()))
        });
        Ok(created.await?)
    }

    async fn change(
        &self,
        id: i64,
        expected: Expected,
        change: Change,
    ) -> Result<Written, StoreError> {
        let target = self.target(Item::Note(id));
        let written = self.database.guarded(expected, target, move |tx| {
            let current = find(tx, id)?;
            let draft = match change.apply(current.as_ref()) {
                Ok(draft) => draft,
                Err(refused) => return Ok(Err(refused)),
            };
            let Some(draft) = draft else {
                tx.execute("DELETE FROM notes WHERE id = ?1", [id])?;
                log(tx, id, "deleted")?;
                return Ok(Ok(Written::Deleted(id)));
            };
            let note = tx.query_row(PUT, (id, &draft.title, &draft.text), from_row)?;
            let validators = validators(&tx.current()?);
            Ok(Ok(if current.is_some() {
                log(tx, id, "updated")?;
                Written::Updated(note, validators)
            } else {
                log(tx, id, "created")?;
                Written::Created(note, validators)
            }))
        });
        written.await?
    }

    async fn page(&self, name: String) -> Result<Option<(String, Validators)>, StoreError> {
        let (scope, tags) = self.scoped(Item::Page(name.clone()));
        let page = self.database.run(move |connection| {
            let page = connection.query_row(PAGE, [&name, scope.as_str()], |row| {
                Ok((row.get(0)?, tags.number(row.get(1)?).into()))
            });
            page.optional()
        });
        Ok(page.await?)
    }

    async fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> Result<(bool, Validators), StoreError> {
        let target = self.target(Item::Page(name.clone()));
        let written = self.database.guarded(expected, target, move |tx| {
            let update = "UPDATE pages SET content = ?2 WHERE name = ?1";
            let updated = tx.execute(update, (&name, &content))? > 0;
            if !updated {
                tx.execute("INSERT INTO pages VALUES (?1, ?2)", (&name, &content))?;
            }
            Ok((!updated, validators(&tx.current()?)))
        });
        Ok(written.await?)
    }
}

fn scope(item: Item) -> Scope {
    match item {
        Item::Notes => Scope::table("notes"),
        Item::Note(id) => Scope::row("notes", id),
        Item::Page(name) => Scope::row("pages", name),
    }
}

fn find(connection: &Connection, id: i64) -> rusqlite::Result<Option<Note>> {
    connection
        .query_row(
            "SELECT id, title, text, version, updated_at FROM notes WHERE id = ?1",
            [id],
            from_row,
        )
        .optional()
}

fn log(connection: &Connection, id: i64, what: &str) -> rusqlite::Result<()> {
    let event = format!("note {id} {what}");
    connection.execute("INSERT INTO notes_events (event) VALUES (?1)", [event])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        id: row.get(0)?,
        title: row.get(1)?,
        text: row.get(2)?,
        version: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

fn validators(current: &Current) -> Validators {
    current.validators().cloned().unwrap_or_default()
}

impl From<tower_conditional_sqlite::Error> for StoreError {
    fn from(error: tower_conditional_sqlite::Error) -> Self {
        Self::database(error)
    }
}

impl From<GuardError> for StoreError {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Failed(failed) => Self::Failed(failed),
            other => Self::database(other),
        }
    }
}
