//! PostgreSQL with sqlx.

use http::request::Parts;
use sqlx::PgPool;
use tower_conditional::{BoxError, Current, ValidatorSource};
use tower_conditional_sql::{
    Scope, Watch,
    postgres::{Schema, Statements},
};

/// A source of the validators of the scope that `scope` returns for a request.
#[derive(Clone)]
pub struct Versions<F> {
    pub pool: PgPool,
    pub statements: Statements,
    pub scope: F,
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
        let versions: Vec<u8> = sqlx::query_scalar(self.statements.read())
            .bind(Statements::scope_text(&scope))
            .bind(scope.watch_key())
            .fetch_one(&self.pool)
            .await?;
        Ok(self.statements.current(&scope, versions)?)
    }
}

/// Reads a note and its state with one statement, so no write can come between.
pub async fn note(
    pool: &PgPool,
    statements: &Statements,
    id: i64,
) -> Result<Option<(String, Current)>, BoxError> {
    let versions = statements.versions_column(2);
    let sql = format!("SELECT text, {versions} FROM notes WHERE id = $1");
    let scope = Scope::row("notes", id);
    let note: Option<(String, Vec<u8>)> = sqlx::query_as(&sql)
        .bind(id)
        .bind(Statements::scope_text(&scope))
        .bind(scope.watch_key())
        .fetch_optional(pool)
        .await?;
    let Some((text, versions)) = note else {
        return Ok(None);
    };
    Ok(Some((text, statements.current(&scope, versions)?)))
}

/// Returns the schema with the watched tables. Its `sql()` may be a migration of the application.
pub fn schema() -> Schema {
    let watch = Watch::table("notes").each_row("id").whole_table();
    Schema::new().watch(watch).expect("good names")
}

/// Installs the schema. The statement fails if a table cannot be watched.
pub async fn install(pool: &PgPool) -> Result<(), BoxError> {
    sqlx::raw_sql(&schema().sql()).execute(pool).await?;
    Ok(())
}

/// Checks at each start that tables and triggers are as they were installed.
pub async fn verify(pool: &PgPool) -> Result<(), BoxError> {
    let changed: Vec<String> = sqlx::query_scalar(&schema().verify_sql())
        .fetch_all(pool)
        .await?;
    match &changed[..] {
        [] => Ok(()),
        reasons => Err(reasons.join("; ").into()),
    }
}
