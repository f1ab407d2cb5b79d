mod schema;

use axum::http::request::Parts;
use tower_conditional::{
    ValidatorSource, Validators, VersionTags, handler::Expected, source::StateSource,
};
use tower_conditional_sqlite::{
    Database, EventLog, GuardError, Scope, Statements, Target, VersionSource,
    rusqlite::{self, Connection, OptionalExtension, Row},
};

use super::{Item, Storage, StoreError, Written, validators};
use crate::note::{Change, Draft, Note};

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

    /// The statements with the tags of the source.
    fn statements(&self) -> Statements {
        Statements::new().tags(self.tags.clone())
    }

    /// The validators of content that the same statement has read.
    fn labels(&self, scope: &Scope, versions: String) -> Result<Validators, StoreError> {
        let current = self.statements().current(scope, versions);
        Ok(validators(&current.map_err(StoreError::database)?))
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
        let scope = scope(Item::Notes);
        let params = keys(&scope);
        let sql = format!(
            "SELECT id, title, text, version, updated_at, versions
            FROM (SELECT {} AS versions) AS kept LEFT JOIN notes ON true ORDER BY id",
            self.statements().versions_column(1)
        );
        let all = self.database.run(move |connection| {
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params)?;
            let (mut notes, mut versions) = (Vec::new(), String::new());
            while let Some(row) = rows.next()? {
                versions = row.get("versions")?;
                // Without notes there is one row, with the versions alone.
                if row.get::<_, Option<i64>>("id")?.is_some() {
                    notes.push(from_row(row)?);
                }
            }
            Ok((notes, versions))
        });
        let (notes, versions) = all.await?;
        Ok((notes, self.labels(&scope, versions)?))
    }

    async fn note(&self, id: i64) -> Result<Option<(Note, Validators)>, StoreError> {
        let scope = scope(Item::Note(id));
        let [text, watch] = keys(&scope);
        let sql = format!(
            "SELECT id, title, text, version, updated_at, {} AS versions FROM notes WHERE id = ?1",
            self.statements().versions_column(2)
        );
        let one = self.database.run(move |connection| {
            let one = connection.query_row(&sql, (id, text, watch), |row| {
                Ok((from_row(row)?, row.get("versions")?))
            });
            one.optional()
        });
        let one = one.await?;
        one.map(|(note, versions)| Ok((note, self.labels(&scope, versions)?)))
            .transpose()
    }

    async fn create(&self, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
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
            let current = tx.read(&scope(Item::Note(note.id)))?;
            Ok(Written::Created(note, validators(&current)))
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
        let scope = scope(Item::Page(name.clone()));
        let [text, watch] = keys(&scope);
        let sql = format!(
            "SELECT content, {} FROM pages WHERE name = ?1",
            self.statements().versions_column(2)
        );
        let page = self.database.run(move |connection| {
            let page = connection.query_row(&sql, [name, text, watch], |row| {
                Ok((row.get(0)?, row.get(1)?))
            });
            page.optional()
        });
        let page = page.await?;
        page.map(|(content, versions)| Ok((content, self.labels(&scope, versions)?)))
            .transpose()
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

/// The parameters of a statement that reads versions.
fn keys(scope: &Scope) -> [String; 2] {
    [scope.as_str(), scope.watch_key()].map(str::to_owned)
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
