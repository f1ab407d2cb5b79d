//! Notes and pages in PostgreSQL, which replicas can share.

mod schema;

use axum::http::request::Parts;
use deadpool_postgres::{Manager, Object, Pool, Runtime};
use tokio_postgres::{Config, GenericClient, NoTls, Row, types::ToSql};
use tower_conditional::{
    ValidatorSource, Validators, VersionTags, handler::Expected, state_ref::StateSource,
};
use tower_conditional_postgres::{
    EventLog, GuardError, Guarded, Lease, Scope, Target, VersionSource,
};

use crate::{
    problem::Problem,
    sqlite::{Draft, Item, Note},
};

/// Each read has the version that the schema keeps beside the content: that of a table is in slots.
const NOTES: &str = "
SELECT id, title, text, version, updated_at, kept FROM (
    SELECT string_agg(int4send(slot) || int8send(version), '' ORDER BY slot) AS kept
    FROM conditional_versions WHERE scope = $1
) AS versions LEFT JOIN notes ON true ORDER BY id";

const NOTE: &str = "
SELECT id, title, text, notes.version, updated_at, versions.version AS kept
FROM notes JOIN conditional_versions AS versions ON scope = $2
WHERE id = $1";

const PAGE: &str = "
SELECT content, version FROM pages JOIN conditional_versions ON scope = $2
WHERE name = $1";

const PUT: &str = "
INSERT INTO notes (id, title, text) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text,
    version = notes.version + 1, updated_at = excluded.updated_at
RETURNING id, title, text, version, updated_at";

const POST: &str = "
INSERT INTO notes (id, title, text) VALUES (nextval('notes_id'), $1, $2)
RETURNING id, title, text, version, updated_at";

const TAKEN: &str = "SELECT setval('notes_id', greatest($1, (SELECT last_value FROM notes_id)))";

#[derive(Clone, Debug)]
pub(crate) struct Postgres(Pool);

impl Postgres {
    /// Connects. A database that never held a note is filled with `notes` of them.
    pub(crate) async fn connect(config: Config, notes: u32) -> anyhow::Result<Self> {
        let pool = Pool::builder(Manager::new(config, NoTls))
            .max_size(16)
            .runtime(Runtime::Tokio1)
            .build()?;
        schema::migrate(&*pool.get().await?, notes).await?;
        Ok(Self(pool))
    }

    async fn client(&self) -> Result<Object, Problem> {
        Ok(self.0.get().await?)
    }

    pub(crate) fn versions(&self) -> impl ValidatorSource + use<> {
        VersionSource::new(self.0.clone(), |request: &Parts| {
            Item::of(request).map(scope)
        })
    }

    pub(crate) fn events(&self) -> impl StateSource + use<> {
        EventLog::new(self.0.clone(), "notes_events").expect("a name")
    }

    pub(crate) async fn notes(&self) -> Result<(Vec<Note>, Validators), Problem> {
        let (scope, tags) = scoped(Item::Notes);
        let rows = self
            .client()
            .await?
            .query(NOTES, &[&scope.as_str()])
            .await?;
        let validators = rows.first().map(|row| tags.bytes(row.get("kept")).into());
        // Without notes there is one row, with the version alone.
        let there = rows
            .iter()
            .filter(|row| row.get::<_, Option<i64>>("id").is_some());
        Ok((there.map(note).collect(), validators.unwrap_or_default()))
    }

    pub(crate) async fn note(&self, id: i64) -> Result<(Option<Note>, Validators), Problem> {
        let (scope, tags) = scoped(Item::Note(id));
        let params: [&(dyn ToSql + Sync); 2] = [&id, &scope.as_str()];
        let row = self.client().await?.query_opt(NOTE, &params).await?;
        let found = row.map(|row| (note(&row), tags.number(row.get("kept")).into()));
        Ok(found.map_or_else(Default::default, |(note, validators)| {
            (Some(note), validators)
        }))
    }

    pub(crate) async fn change(
        &self,
        id: Option<i64>,
        expected: Expected,
        change: impl FnOnce(Option<&Note>) -> Result<Option<Draft>, Problem> + Send,
    ) -> Result<Option<(Note, Validators)>, Problem> {
        let mut lease = Lease::of(&self.0).await?;
        let target = Target::scope(scope(id.map_or(Item::Notes, Item::Note)));
        let tx = begin(&mut lease, expected, target).await?;
        let current = match id {
            Some(id) => find(&*tx, id).await?,
            None => None,
        };
        let Some(draft) = change(current.as_ref())? else {
            if let Some(id) = id {
                let delete = "DELETE FROM notes WHERE id = $1";
                tx.execute(delete, &[&id]).await?;
                log(&*tx, id, "deleted").await?;
            }
            tx.commit().await?;
            return Ok(None);
        };
        let row = match id {
            Some(id) => tx.query_one(PUT, &[&id, &draft.title, &draft.text]).await?,
            None => tx.query_one(POST, &[&draft.title, &draft.text]).await?,
        };
        let note = note(&row);
        let validators = validators(&*tx, Item::Note(note.id)).await?;
        if current.is_some() {
            log(&*tx, note.id, "updated").await?;
        } else {
            if id.is_some() {
                // A later POST must not take the number that this PUT chose.
                tx.execute(TAKEN, &[&note.id]).await?;
            }
            log(&*tx, note.id, "created").await?;
        }
        tx.commit().await?;
        Ok(Some((note, validators)))
    }

    pub(crate) async fn page(&self, name: String) -> Result<(Option<String>, Validators), Problem> {
        let (scope, tags) = scoped(Item::Page(name.clone()));
        let params: [&(dyn ToSql + Sync); 2] = [&name, &scope.as_str()];
        let row = self.client().await?.query_opt(PAGE, &params).await?;
        let found = row.map(|row| (row.get(0), tags.number(row.get(1)).into()));
        Ok(found.map_or_else(Default::default, |(page, validators)| {
            (Some(page), validators)
        }))
    }

    pub(crate) async fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> Result<(bool, Validators), Problem> {
        let mut lease = Lease::of(&self.0).await?;
        let target = Target::scope(scope(Item::Page(name.clone())));
        let tx = begin(&mut lease, expected, target).await?;
        let put = "
            INSERT INTO pages VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET content = excluded.content
            RETURNING xmax = 0";
        let created = tx.query_one(put, &[&name, &content]).await?.get(0);
        let validators = validators(&*tx, Item::Page(name)).await?;
        tx.commit().await?;
        Ok((created, validators))
    }
}

fn scope(item: Item) -> Scope {
    match item {
        Item::Notes => Scope::table("notes"),
        Item::Note(id) => Scope::row("notes", id),
        Item::Page(name) => Scope::row("pages", name),
    }
}

/// The scope of an item, and the tags of its versions, as the source makes them.
fn scoped(item: Item) -> (Scope, VersionTags) {
    let scope = scope(item);
    let tags = VersionTags::plain().scope(&scope);
    (scope, tags)
}

async fn find(client: &impl GenericClient, id: i64) -> Result<Option<Note>, Problem> {
    let one = "SELECT id, title, text, version, updated_at FROM notes WHERE id = $1";
    Ok(client.query_opt(one, &[&id]).await?.as_ref().map(note))
}

/// In the transaction that wrote: later it could be the tag of what another one wrote.
async fn validators(client: &impl GenericClient, item: Item) -> Result<Validators, Problem> {
    let (scope, tags) = scoped(item);
    let version = "SELECT version FROM conditional_versions WHERE scope = $1";
    let row = client.query_one(version, &[&scope.as_str()]).await?;
    Ok(tags.number(row.get(0)).into())
}

async fn log(client: &impl GenericClient, id: i64, what: &str) -> Result<(), Problem> {
    let event = format!("note {id} {what}");
    let append = "INSERT INTO notes_events (event) VALUES ($1)";
    client.execute(append, &[&event]).await?;
    Ok(())
}

fn note(row: &Row) -> Note {
    Note {
        id: row.get(0),
        title: row.get(1),
        text: row.get(2),
        version: row.get(3),
        updated_at: row.get(4),
    }
}

async fn begin(
    lease: &mut Lease,
    expected: Expected,
    target: Target,
) -> Result<Guarded<'_>, Problem> {
    match Guarded::begin(lease, expected, target).await {
        Ok(tx) => Ok(tx),
        Err(GuardError::Failed(failed)) => Err(Problem::Precondition(failed)),
        Err(error) => Err(error.into()),
    }
}
