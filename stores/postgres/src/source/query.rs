use std::{fmt, time::Duration};

use deadpool_postgres::{ClientWrapper, Pool};
use http::request::Parts;
use tokio_postgres::{Row, types::ToSql};
use tower_conditional::{Current, ValidatorSource, VersionTags};

use super::current_of;
use crate::{
    Error, Scope,
    lease::{DEFAULT_TIMEOUT, above_zero, within},
};

/// A parameter of a query.
pub type Param = Box<dyn ToSql + Send + Sync>;

/// A source of validators from a version column that the application keeps itself.
///
/// The query returns at most one row. No row means that there is no representation. The
/// first column is the version, and its type decides which tag it becomes:
///
/// | Type | Tag |
/// |---|---|
/// | `smallint`, `integer`, `bigint` | [`VersionTags::number`] |
/// | `uuid` | [`VersionTags::uuid`] |
/// | `text`, `varchar`, `bytea` | [`VersionTags::bytes`] |
/// | `timestamptz` | [`VersionTags::timestamp`]; weak if it is a whole second |
/// | `NULL` of any type | none, but the representation exists |
///
/// A second column, `timestamptz` or `NULL`, is the last modification. Other
/// types are an error.
///
/// The scope names the resource, so another resource with the same version has another
/// tag. The scope need not be watched.
///
/// ```no_run
/// # fn run(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// use http::request::Parts;
/// use tower_conditional::route::Route;
/// use tower_conditional_postgres::{QuerySource, Scope};
///
/// let route = Route::new("/notes/{id}")?;
/// let sql = "SELECT version, modified FROM notes WHERE id = $1";
/// let source = QuerySource::new(pool, sql, move |request: &Parts| {
///     let id: i64 = route.parameter(request, "id")?;
///     Some((Scope::row("notes", id), vec![Box::new(id)]))
/// });
/// # Ok(())
/// # }
/// ```
///
/// Every write must change the version, and no version may be used again, as
/// [`VersionTags`] says. `max(..)` over several rows can return to an earlier value.
///
/// The query is prepared once per connection. It is prepared again if PostgreSQL refuses
/// it, for example after an `ALTER TABLE`. A pooler that shares a connection among
/// transactions must support prepared statements.
///
/// The source sees what its role sees: see
/// [row-level security](crate#roles-and-row-level-security).
#[derive(Clone)]
#[must_use]
pub struct QuerySource<F> {
    pool: Pool,
    sql: String,
    params: F,
    tags: VersionTags,
    timeout: Duration,
}

impl<F: Fn(&Parts) -> Option<(Scope, Vec<Param>)>> QuerySource<F> {
    /// Creates a source from a query. The function returns the scope of the tags and the
    /// parameters for a request, or `None` if the source does not know it.
    pub fn new(pool: Pool, sql: impl Into<String>, params: F) -> Self {
        Self {
            pool,
            sql: sql.into(),
            params,
            tags: VersionTags::plain(),
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Sets the kind of tags. Defaults to [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Sets how long an answer may take, including the wait for a connection.
    /// Defaults to 5 seconds.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no answer would come in time.
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        let timeout = above_zero(timeout);
        Self { timeout, ..self }
    }
}

/// Runs the statement that the connection has prepared.
///
/// If PostgreSQL refuses it, the table may have changed or the statement may be gone. Then
/// it is prepared again, once.
async fn query_opt(
    client: &ClientWrapper,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Option<Row>, tokio_postgres::Error> {
    let known = client.prepare_cached(sql).await?;
    match client.query_opt(&known, params).await {
        Err(error) if error.code().is_some() => {}
        answered => return answered,
    }
    client.statement_cache.remove(sql, &[]);
    let anew = client.prepare_cached(sql).await?;
    client.query_opt(&anew, params).await
}

impl<F> ValidatorSource for QuerySource<F>
where
    F: Fn(&Parts) -> Option<(Scope, Vec<Param>)> + Send + Sync + 'static,
{
    type Error = Error;

    async fn current(&self, request: &Parts) -> Result<Current, Error> {
        let Some((scope, params)) = (self.params)(request) else {
            return Ok(Current::Unknown);
        };
        let row = within(self.timeout, &self.pool, async |client| {
            Ok(query_opt(client, &self.sql, &borrowed(&params)).await?)
        })
        .await?;
        let tags = self.tags.scope(&scope);
        row.map_or(Ok(Current::Absent), |row| current_of(&row, &tags))
    }
}

impl<F> fmt::Debug for QuerySource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySource")
            .field("sql", &self.sql)
            .field("tags", &self.tags)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Converts parameters to the form of the driver.
pub(crate) fn borrowed(params: &[Param]) -> Vec<&(dyn ToSql + Sync)> {
    let params = params.iter();
    params
        .map(|param| &**param as &(dyn ToSql + Sync))
        .collect()
}
