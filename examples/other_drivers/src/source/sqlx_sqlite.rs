//! SQLite with sqlx.

use http::request::Parts;
use sqlx::SqlitePool;
use tower_conditional::{BoxError, Current, ValidatorSource};
use tower_conditional_sql::{
    Scope, Watch,
    sqlite::{Schema, Statements},
};

/// A source of the validators of the scope that `scope` returns for a request.
#[derive(Clone)]
pub struct Versions<F> {
    pub pool: SqlitePool,
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
        let versions: String = sqlx::query_scalar(self.statements.read())
            .bind(scope.as_str())
            .bind(scope.watch_key())
            .fetch_one(&self.pool)
            .await?;
        Ok(self.statements.current(&scope, versions)?)
    }
}

/// Reads a note and its state with one statement, so no write can come between.
pub async fn note(
    pool: &SqlitePool,
    statements: &Statements,
    id: i64,
) -> Result<Option<(String, Current)>, BoxError> {
    let versions = statements.versions_column(2);
    let sql = format!("SELECT text, {versions} FROM notes WHERE id = ?1");
    let scope = Scope::row("notes", id);
    let note: Option<(String, String)> = sqlx::query_as(&sql)
        .bind(id)
        .bind(scope.as_str())
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

/// Installs the schema, or returns an error if a table cannot be watched.
pub async fn install(pool: &SqlitePool) -> Result<(), BoxError> {
    let mut tx = pool.begin().await?;
    let refused: Vec<String> = sqlx::query_scalar(&schema().refused_sql())
        .fetch_all(&mut *tx)
        .await?;
    if !refused.is_empty() {
        return Err(refused.join("; ").into());
    }
    sqlx::raw_sql(&schema().sql()).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// Checks at each start that tables and triggers are as they were installed.
pub async fn verify(pool: &SqlitePool) -> Result<(), BoxError> {
    let changed: Vec<String> = sqlx::query_scalar(&schema().verify_sql())
        .fetch_all(pool)
        .await?;
    match &changed[..] {
        [] => Ok(()),
        reasons => Err(reasons.join("; ").into()),
    }
}
