//! The table of orders, which has a row for each execution that took effect.

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use deadpool_postgres::{Manager, Pool};
use http::{Response, StatusCode, header};
use tokio::task::yield_now;
use tokio_postgres::NoTls;
use tower_conditional::idempotency::Attempt;
use tower_conditional_postgres::{Keyed, Lease, PostgresIdempotencyStore};
use tower_conditional_sqlite::{Database as SqliteDatabase, SqliteIdempotencyStore};

use crate::{
    Options,
    points::{Point, Points},
};

type Failure = Box<dyn Error + Send + Sync>;

/// The orders in memory: their keys, and the answers of the naive middleware.
#[derive(Default)]
pub(crate) struct Memory {
    keys: Vec<String>,
    answers: Vec<(String, String)>,
}

#[derive(Clone)]
pub(crate) enum Database {
    Memory(Arc<Mutex<Memory>>),
    Sqlite(SqliteDatabase),
    Postgres(Pool),
}

const SQLITE_SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL);
";

/// Replicas that start together would otherwise create one table twice.
const POSTGRES_SCHEMA: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(1);
CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY, key text NOT NULL);
CREATE TABLE IF NOT EXISTS answers (key text PRIMARY KEY, answer text NOT NULL);
";

pub(crate) async fn sqlite_store(
    database: &SqliteDatabase,
) -> anyhow::Result<SqliteIdempotencyStore> {
    let store = SqliteIdempotencyStore::new(database.clone());
    store.install().await?;
    Ok(store)
}

pub(crate) async fn postgres_store(pool: &Pool) -> anyhow::Result<PostgresIdempotencyStore> {
    let client = pool.get().await?;
    client.batch_execute(POSTGRES_SCHEMA).await?;
    PostgresIdempotencyStore::install(&client).await?;
    client.batch_execute("COMMIT").await?;
    Ok(PostgresIdempotencyStore::new(pool.clone()))
}

impl Database {
    pub(crate) async fn open(options: &Options) -> anyhow::Result<Self> {
        if options.store == "memory" {
            return Ok(Self::Memory(Arc::default()));
        }
        if let Some(path) = options.store.strip_prefix("sqlite:") {
            let database = SqliteDatabase::open(path)?;
            database
                .run(|connection| connection.execute_batch(SQLITE_SCHEMA))
                .await?;
            return Ok(Self::Sqlite(database));
        }
        let manager = Manager::new(options.store.parse()?, NoTls);
        let pool = Pool::builder(manager).max_size(options.connections);
        Ok(Self::Postgres(pool.build()?))
    }

    /// Places an order. Returns its number.
    pub(crate) async fn place(&self, key: &str) -> Result<i64, Failure> {
        let key = key.to_owned();
        Ok(match self {
            Self::Memory(memory) => {
                // Other requests run meanwhile, as with a database.
                yield_now().await;
                let mut memory = memory.lock().expect("no panic");
                memory.keys.push(key);
                i64::try_from(memory.keys.len())?
            }
            Self::Sqlite(database) => {
                let placed = database.run(move |connection| {
                    connection.execute("INSERT INTO orders (key) VALUES (?1)", [&key])?;
                    Ok(connection.last_insert_rowid())
                });
                placed.await?
            }
            Self::Postgres(pool) => {
                let insert = "INSERT INTO orders (key) VALUES ($1) RETURNING id";
                pool.get()
                    .await?
                    .query_one(insert, &[&key])
                    .await?
                    .try_get(0)?
            }
        })
    }

    /// Places an order, and records the response in the same transaction.
    pub(crate) async fn place_keyed(
        &self,
        attempt: Attempt,
        points: Points,
    ) -> Result<Response<Bytes>, Failure> {
        let key = attempt.key().as_str().to_owned();
        match self {
            Self::Memory(_) => Err("there are no transactions in memory".into()),
            Self::Sqlite(database) => {
                let placed = database.keyed(&attempt, move |keyed| {
                    points.reach_blocking(Point::BeforeEffect);
                    keyed.execute("INSERT INTO orders (key) VALUES (?1)", [&key])?;
                    points.reach_blocking(Point::AfterEffect);
                    let number = keyed.last_insert_rowid();
                    keyed.commit(confirmation(number))
                });
                Ok(placed.await?)
            }
            Self::Postgres(pool) => {
                let mut lease = Lease::acquire(pool).await?;
                let keyed = Keyed::begin(&mut lease, &attempt).await?;
                points.reach(Point::BeforeEffect).await;
                let insert = "INSERT INTO orders (key) VALUES ($1) RETURNING id";
                let number = keyed.query_one(insert, &[&key]).await?.try_get(0)?;
                points.reach(Point::AfterEffect).await;
                Ok(keyed.commit(confirmation(number)).await?)
            }
        }
    }

    /// Returns the numbers and the keys of all orders.
    pub(crate) async fn list(&self) -> Result<Vec<(i64, String)>, Failure> {
        Ok(match self {
            Self::Memory(memory) => {
                let memory = memory.lock().expect("no panic");
                (1..).zip(memory.keys.iter().cloned()).collect()
            }
            Self::Sqlite(database) => {
                let listed = database.run(|connection| {
                    let mut select = connection.prepare("SELECT id, key FROM orders")?;
                    let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
                    rows.collect()
                });
                listed.await?
            }
            Self::Postgres(pool) => {
                let client = pool.get().await?;
                let rows = client.query("SELECT id, key FROM orders", &[]).await?;
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        })
    }

    /// Returns the answer that the naive middleware has kept.
    pub(crate) async fn kept(&self, key: &str) -> Result<Option<String>, Failure> {
        let key = key.to_owned();
        Ok(match self {
            Self::Memory(memory) => {
                let memory = memory.lock().expect("no panic");
                let mut answers = memory.answers.iter();
                answers.find_map(|(other, answer)| (*other == key).then(|| answer.clone()))
            }
            Self::Sqlite(database) => {
                let kept = database.run(move |connection| {
                    let mut select =
                        connection.prepare("SELECT answer FROM answers WHERE key = ?1")?;
                    let mut rows = select.query_map([key], |row| row.get(0))?;
                    rows.next().transpose()
                });
                kept.await?
            }
            Self::Postgres(pool) => {
                let select = "SELECT answer FROM answers WHERE key = $1";
                let row = pool.get().await?.query_opt(select, &[&key]).await?;
                row.map(|row| row.get(0))
            }
        })
    }

    /// Keeps an answer for the naive middleware.
    pub(crate) async fn keep(&self, key: &str, answer: &str) -> Result<(), Failure> {
        let (key, answer) = (key.to_owned(), answer.to_owned());
        match self {
            Self::Memory(memory) => {
                let mut memory = memory.lock().expect("no panic");
                memory.answers.push((key, answer));
            }
            Self::Sqlite(database) => {
                let insert = "INSERT INTO answers VALUES (?1, ?2) ON CONFLICT DO NOTHING";
                database
                    .run(move |connection| connection.execute(insert, [key, answer]))
                    .await?;
            }
            Self::Postgres(pool) => {
                let insert = "INSERT INTO answers VALUES ($1, $2) ON CONFLICT DO NOTHING";
                let client = pool.get().await?;
                client.execute(insert, &[&key, &answer]).await?;
            }
        }
        Ok(())
    }
}

/// Returns the response to an order, long enough to be sent in two halves.
pub(crate) fn confirmation(number: i64) -> Response<Bytes> {
    let content = format!("order {number}\n{}\n", "Thank you. ".repeat(20));
    Response::builder()
        .status(StatusCode::CREATED)
        .header(header::LOCATION, format!("/orders/{number}"))
        .body(Bytes::from(content))
        .expect("a response")
}
