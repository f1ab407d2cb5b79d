mod schema;

use axum::http::request::Parts;
use deadpool_postgres::{Manager, Object, Pool, PoolError, Runtime};
use tokio_postgres::{Config, GenericClient, NoTls, Row, types::ToSql};
use tower_conditional::{ValidatorSource, Validators, handler::Expected, source::StateSource};
use tower_conditional_postgres::{
    EventLog, GuardError, Guarded, Lease, Scope, ScopeError, Statements, Target, VersionSource,
};

use super::{Item, Storage, StoreError, Written, validators};
use crate::note::{Change, Draft, Note};

const PUT: &str = "
INSERT INTO notes (id, title, text) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text,
    version = notes.version + 1, updated_at = excluded.updated_at
RETURNING id, title, text, version, updated_at";

#[derive(Clone, Debug)]
pub(crate) struct Postgres(Pool);

impl Postgres {
    /// Connects. A database that never held a note is filled with `notes` of them.
    pub(crate) async fn connect(config: Config, notes: u32) -> Result<Self, StoreError> {
        let pool = Pool::builder(Manager::new(config, NoTls))
            .max_size(16)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(StoreError::database)?;
        schema::migrate(&*pool.get().await?, notes).await?;
        Ok(Self(pool))
    }

    async fn client(&self) -> Result<Object, StoreError> {
        Ok(self.0.get().await?)
    }
}

impl Storage for Postgres {
    fn versions(&self, item: fn(&Parts) -> Option<Item>) -> impl ValidatorSource + use<> {
        VersionSource::new(self.0.clone(), move |request| item(request).map(scope))
    }

    fn events(&self) -> impl StateSource + use<> {
        EventLog::new(self.0.clone(), "notes_events").expect("a name")
    }

    async fn notes(&self) -> Result<(Vec<Note>, Validators), StoreError> {
        let scope = scope(Item::Notes);
        let notes = format!(
            "SELECT id, title, text, version, updated_at, versions
            FROM (SELECT {} AS versions) AS kept LEFT JOIN notes ON true ORDER BY id",
            Statements::new().versions_column(1)
        );
        let params: [&(dyn ToSql + Sync); 2] = [&scope.as_str(), &scope.watch_key()];
        let rows = self.client().await?.query(&notes, &params).await?;
        let kept = rows.first().map(|row| labels(row, &scope)).transpose()?;
        // Without notes there is one row, with the versions alone.
        let there = rows
            .iter()
            .filter(|row| row.get::<_, Option<i64>>("id").is_some());
        Ok((there.map(note).collect(), kept.unwrap_or_default()))
    }

    async fn note(&self, id: i64) -> Result<Option<(Note, Validators)>, StoreError> {
        let scope = scope(Item::Note(id));
        let one = format!(
            "SELECT id, title, text, version, updated_at, {} AS versions FROM notes WHERE id = $1",
            Statements::new().versions_column(2)
        );
        let params: [&(dyn ToSql + Sync); 3] = [&id, &scope.as_str(), &scope.watch_key()];
        let row = self.client().await?.query_opt(&one, &params).await?;
        row.map(|row| Ok((note(&row), labels(&row, &scope)?)))
            .transpose()
    }

    async fn create(&self, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        let mut lease = Lease::of(&self.0).await?;
        let target = Target::scope(scope(Item::Notes));
        let tx = Guarded::begin(&mut lease, expected, target).await?;
        let created = "
            INSERT INTO notes (id, title, text) VALUES (nextval('notes_id'), $1, $2)
            RETURNING id, title, text, version, updated_at";
        let row = tx.query_one(created, &[&draft.title, &draft.text]).await?;
        let note = note(&row);
        // In the transaction that wrote: later it could be the tag of what another one wrote.
        let validators = validators(&tx.read(&scope(Item::Note(note.id))).await?);
        log(&*tx, note.id, "created").await?;
        tx.commit().await?;
        Ok(Written::Created(note, validators))
    }

    async fn change(
        &self,
        id: i64,
        expected: Expected,
        change: Change,
    ) -> Result<Written, StoreError> {
        let mut lease = Lease::of(&self.0).await?;
        let target = Target::scope(scope(Item::Note(id)));
        let tx = Guarded::begin(&mut lease, expected, target).await?;
        let current = find(&*tx, id).await?;
        let Some(draft) = change.apply(current.as_ref())? else {
            tx.execute("DELETE FROM notes WHERE id = $1", &[&id])
                .await?;
            log(&*tx, id, "deleted").await?;
            tx.commit().await?;
            return Ok(Written::Deleted(id));
        };
        let row = tx.query_one(PUT, &[&id, &draft.title, &draft.text]).await?;
        // A later POST must not take the number that this PUT chose.
        let taken = "SELECT setval('notes_id', greatest($1, (SELECT last_value FROM notes_id)))";
        let validators = validators(&tx.current().await?);
        Ok(if current.is_some() {
            log(&*tx, id, "updated").await?;
            tx.commit().await?;
            Written::Updated(note(&row), validators)
        } else {
            tx.execute(taken, &[&id]).await?;
            log(&*tx, id, "created").await?;
            tx.commit().await?;
            Written::Created(note(&row), validators)
        })
    }

    async fn page(&self, name: String) -> Result<Option<(String, Validators)>, StoreError> {
        let scope = scope(Item::Page(name.clone()));
        let page = format!(
            "SELECT content, {} AS versions FROM pages WHERE name = $1",
            Statements::new().versions_column(2)
        );
        let params: [&(dyn ToSql + Sync); 3] = [&name, &scope.as_str(), &scope.watch_key()];
        let row = self.client().await?.query_opt(&page, &params).await?;
        row.map(|row| Ok((row.get(0), labels(&row, &scope)?)))
            .transpose()
    }

    async fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> Result<(bool, Validators), StoreError> {
        let mut lease = Lease::of(&self.0).await?;
        let target = Target::scope(scope(Item::Page(name.clone())));
        let tx = Guarded::begin(&mut lease, expected, target).await?;
        let put = "
            INSERT INTO pages VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET content = excluded.content
            RETURNING xmax = 0";
        let created = tx.query_one(put, &[&name, &content]).await?.get(0);
        let validators = validators(&tx.current().await?);
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

/// The validators of content that the same statement has read.
fn labels(row: &Row, scope: &Scope) -> Result<Validators, ScopeError> {
    let current = Statements::new().current(scope, row.get::<_, &[u8]>("versions"))?;
    Ok(validators(&current))
}

async fn find(client: &impl GenericClient, id: i64) -> Result<Option<Note>, StoreError> {
    let one = "SELECT id, title, text, version, updated_at FROM notes WHERE id = $1";
    Ok(client.query_opt(one, &[&id]).await?.as_ref().map(note))
}

async fn log(client: &impl GenericClient, id: i64, what: &str) -> Result<(), StoreError> {
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

impl From<ScopeError> for StoreError {
    fn from(error: ScopeError) -> Self {
        Self::database(error)
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        Self::database(error)
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::database(error)
    }
}

impl From<tower_conditional_postgres::Error> for StoreError {
    fn from(error: tower_conditional_postgres::Error) -> Self {
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
