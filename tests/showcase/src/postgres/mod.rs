//! Notes, pages and orders in PostgreSQL, which replicas can share.

mod schema;

use axum::{body::Bytes, response::Response};
use deadpool_postgres::{Manager, Object, Pool, Runtime};
use tokio_postgres::{Config, GenericClient, NoTls, Row, types::ToSql};
use tower_conditional::{
    EntityTag, Validators, handler::Expected, idempotency::Attempt, state_ref::StateSource,
    store::IdempotencyStore,
};
use tower_conditional_postgres::{
    EventLog, GuardError, Guarded, Keyed, Lease, PostgresIdempotencyStore, Scope, ScopeError,
    Statements, Target,
};

use crate::{
    problem::Problem,
    sqlite::{Draft, Note, Order, validators},
};

const PUT: &str = "
INSERT INTO notes (id, title, text) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text,
    version = notes.version + 1, updated_at = excluded.updated_at
RETURNING id, title, text, version, updated_at";

const POST: &str = "
INSERT INTO notes (id, title, text) VALUES (nextval('notes_id'), $1, $2)
RETURNING id, title, text, version, updated_at";

/// Without it two orders would get one number. It ends with the transaction, and readers pass.
const ONE_BY_ONE: &str = "LOCK TABLE orders IN EXCLUSIVE MODE";

const PLACE: &str = "
INSERT INTO orders SELECT coalesce(max(number), 0) + 1, $1, $2 FROM orders
RETURNING number, item, quantity";

const TAKEN: &str = "SELECT setval('notes_id', greatest($1, (SELECT last_value FROM notes_id)))";

#[derive(Clone, Debug)]
pub(crate) struct Postgres(Pool);

impl Postgres {
    /// Connects to the database. If it never had a note, adds so many `notes`.
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

    pub(crate) fn events(&self) -> impl StateSource + use<> {
        EventLog::new(self.0.clone(), "notes_events").expect("a name")
    }

    /// Returns the current tag of a scope, or `None` if it is absent.
    pub(crate) async fn tag(&self, scope: Scope) -> anyhow::Result<Option<EntityTag>> {
        let client = self.0.get().await?;
        let statements = Statements::new();
        let keys: [&(dyn ToSql + Sync); 2] = [&Statements::scope_text(&scope), &scope.watch_key()];
        let row = client.query_one(statements.read(), &keys).await?;
        Ok(labels(&row, &scope)?.etag)
    }

    pub(crate) async fn notes(&self) -> Result<(Vec<Note>, Validators), Problem> {
        let scope = Scope::table("notes");
        let notes = format!(
            "SELECT id, title, text, version, updated_at, versions
            FROM (SELECT {} AS versions) AS kept LEFT JOIN notes ON true ORDER BY id",
            Statements::new().versions_column(1)
        );
        let keys: [&(dyn ToSql + Sync); 2] = [&Statements::scope_text(&scope), &scope.watch_key()];
        let rows = self.client().await?.query(&notes, &keys).await?;
        let validators = rows.first().map(|row| labels(row, &scope)).transpose()?;
        // Without notes there is one row, with the versions alone.
        let there = rows
            .iter()
            .filter(|row| row.get::<_, Option<i64>>("id").is_some());
        Ok((there.map(note).collect(), validators.unwrap_or_default()))
    }

    pub(crate) async fn note(&self, id: i64) -> Result<(Option<Note>, Validators), Problem> {
        let one = format!(
            "SELECT id, title, text, version, updated_at, {} AS versions
            FROM notes WHERE id = $1",
            Statements::new().versions_column(2)
        );
        let row = self.row(&one, &id, &Scope::row("notes", id)).await?;
        Ok(row.map_or_else(Default::default, |(row, validators)| {
            (Some(note(&row)), validators)
        }))
    }

    pub(crate) async fn change(
        &self,
        id: Option<i64>,
        expected: Expected,
        change: impl FnOnce(Option<&Note>) -> Result<Option<Draft>, Problem> + Send,
    ) -> Result<Option<(Note, Validators)>, Problem> {
        let mut lease = Lease::acquire(&self.0).await?;
        let scope = id.map_or_else(|| Scope::table("notes"), |id| Scope::row("notes", id));
        let tx = begin(&mut lease, expected, scope).await?;
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
        // The tag is read in the transaction. Later it could be that of another write.
        let validators = validators(&tx.read(&Scope::row("notes", note.id)).await?);
        if current.is_some() {
            log(&*tx, note.id, "updated").await?;
        } else {
            if id.is_some() {
                // A later POST must not use the number that this PUT chose.
                tx.execute(TAKEN, &[&note.id]).await?;
            }
            log(&*tx, note.id, "created").await?;
        }
        tx.commit().await?;
        Ok(Some((note, validators)))
    }

    pub(crate) fn keys(&self) -> impl IdempotencyStore + use<> {
        PostgresIdempotencyStore::new(self.0.clone())
    }

    pub(crate) async fn orders(&self) -> Result<Vec<Order>, Problem> {
        let all = "SELECT number, item, quantity FROM orders ORDER BY number";
        let rows = self.client().await?.query(all, &[]).await?;
        rows.iter().map(order).collect()
    }

    pub(crate) async fn place(
        &self,
        attempt: &Attempt,
        new: Order,
        respond: impl FnOnce(&Order) -> Response<Bytes> + Send,
    ) -> Result<Response<Bytes>, Problem> {
        let mut lease = Lease::acquire(&self.0).await?;
        let tx = Keyed::begin(&mut lease, attempt).await?;
        let placed = insert(&*tx, new).await?;
        Ok(tx.commit(respond(&placed)).await?)
    }

    /// Places an order whose response is recorded elsewhere.
    pub(crate) async fn place_without_record(&self, new: Order) -> Result<Order, Problem> {
        let mut client = self.client().await?;
        let tx = client.transaction().await?;
        let placed = insert(&*tx, new).await?;
        tx.commit().await?;
        Ok(placed)
    }

    pub(crate) async fn page(&self, name: String) -> Result<(Option<String>, Validators), Problem> {
        let page = format!(
            "SELECT content, {} AS versions FROM pages WHERE name = $1",
            Statements::new().versions_column(2)
        );
        let row = self.row(&page, &name, &Scope::row("pages", &name)).await?;
        Ok(row.map_or_else(Default::default, |(row, validators)| {
            (Some(row.get(0)), validators)
        }))
    }

    /// Reads the row of a key with its validators, in one statement.
    async fn row(
        &self,
        sql: &str,
        key: &(dyn ToSql + Sync),
        scope: &Scope,
    ) -> Result<Option<(Row, Validators)>, Problem> {
        let text = Statements::scope_text(scope);
        let params: [&(dyn ToSql + Sync); 3] = [key, &text, &scope.watch_key()];
        let Some(row) = self.client().await?.query_opt(sql, &params).await? else {
            return Ok(None);
        };
        let validators = labels(&row, scope)?;
        Ok(Some((row, validators)))
    }

    pub(crate) async fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> Result<(bool, Validators), Problem> {
        let mut lease = Lease::acquire(&self.0).await?;
        let tx = begin(&mut lease, expected, Scope::row("pages", &name)).await?;
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

/// Returns the validators of content that the same statement has read.
fn labels(row: &Row, scope: &Scope) -> Result<Validators, ScopeError> {
    let current = Statements::new().current(scope, row.get::<_, &[u8]>("versions"))?;
    Ok(validators(&current))
}

async fn find(client: &impl GenericClient, id: i64) -> Result<Option<Note>, Problem> {
    let one = "SELECT id, title, text, version, updated_at FROM notes WHERE id = $1";
    Ok(client.query_opt(one, &[&id]).await?.as_ref().map(note))
}

async fn insert(client: &impl GenericClient, new: Order) -> Result<Order, Problem> {
    client.batch_execute(ONE_BY_ONE).await?;
    let quantity = i64::from(new.quantity);
    let row = client.query_one(PLACE, &[&new.item, &quantity]).await?;
    order(&row)
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

fn order(row: &Row) -> Result<Order, Problem> {
    Ok(Order {
        number: row.get("number"),
        item: row.get("item"),
        quantity: row.get::<_, i64>("quantity").try_into()?,
    })
}

async fn begin(
    lease: &mut Lease,
    expected: Expected,
    scope: Scope,
) -> Result<Guarded<'_>, Problem> {
    match Guarded::begin(lease, expected, Target::scope(scope)).await {
        Ok(tx) => Ok(tx),
        Err(GuardError::Precondition(failed)) => Err(Problem::Precondition(failed)),
        Err(error) => Err(error.into()),
    }
}
