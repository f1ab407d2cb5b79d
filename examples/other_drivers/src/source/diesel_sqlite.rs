//! SQLite with diesel, whose connections block.

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, Pool},
    sql_query,
    sql_types::{BigInt, Text},
};
use http::request::Parts;
use tokio::task::spawn_blocking;
use tower_conditional::{BoxError, Current, ValidatorSource};
use tower_conditional_sql::{
    Scope, Watch,
    sqlite::{Schema, Statements},
};

pub type SqlitePool = Pool<ConnectionManager<SqliteConnection>>;

/// A source of the validators of the scope that `scope` returns for a request.
#[derive(Clone)]
pub struct Versions<F> {
    pub pool: SqlitePool,
    pub statements: Statements,
    pub scope: F,
}

#[derive(QueryableByName)]
struct Read {
    #[diesel(sql_type = Text)]
    versions: String,
}

impl<F> ValidatorSource for Versions<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    type Error = BoxError;

    async fn current(&self, request: &Parts) -> Result<Current, BoxError> {
        let Some(scope) = (self.scope)(request) else {
            return Ok(Current::Unknown);
        };
        let (pool, statements) = (self.pool.clone(), self.statements.clone());
        let read = spawn_blocking(move || {
            let Read { versions } = sql_query(statements.read())
                .bind::<Text, _>(scope.as_str())
                .bind::<Text, _>(scope.watch_key())
                .get_result(&mut pool.get()?)?;
            Ok(statements.current(&scope, versions)?)
        });
        read.await?
    }
}

#[derive(QueryableByName)]
struct Note {
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Text)]
    versions: String,
}

/// Reads a note and its state with one statement, so no write can come between.
pub fn note(
    connection: &mut SqliteConnection,
    statements: &Statements,
    id: i64,
) -> Result<Option<(String, Current)>, BoxError> {
    let versions = statements.versions_column(2);
    let sql = format!("SELECT text, {versions} AS versions FROM notes WHERE id = ?1");
    let scope = Scope::row("notes", id);
    let note = sql_query(sql)
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(scope.as_str())
        .bind::<Text, _>(scope.watch_key())
        .get_result::<Note>(connection)
        .optional()?;
    let Some(Note { text, versions }) = note else {
        return Ok(None);
    };
    Ok(Some((text, statements.current(&scope, versions)?)))
}

/// Returns the schema with the watched tables. Its `sql()` may be a migration of the application.
pub fn schema() -> Schema {
    let watch = Watch::table("notes").each_row("id").whole_table();
    Schema::new().watch(watch).expect("good names")
}

#[derive(QueryableByName)]
struct Fault {
    #[diesel(sql_type = Text)]
    reason: String,
}

/// Installs the schema, or returns an error if a table cannot be watched.
pub fn install(connection: &mut SqliteConnection) -> Result<(), BoxError> {
    connection.immediate_transaction(|connection| {
        none_of(connection, schema().refused_sql())?;
        Ok(connection.batch_execute(&schema().sql())?)
    })
}

/// Checks at each start that tables and triggers are as they were installed.
pub fn verify(connection: &mut SqliteConnection) -> Result<(), BoxError> {
    none_of(connection, schema().verify_sql())
}

fn none_of(connection: &mut SqliteConnection, sql: String) -> Result<(), BoxError> {
    let faults: Vec<Fault> = sql_query(sql).load(connection)?;
    let reasons: Vec<_> = faults.into_iter().map(|fault| fault.reason).collect();
    match &reasons[..] {
        [] => Ok(()),
        reasons => Err(reasons.join("; ").into()),
    }
}
