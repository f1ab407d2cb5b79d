use std::{fmt, sync::Arc, time::Duration};

use http::request::Parts;
use rusqlite::types::Value;
use tower_conditional::{Current, ValidatorSource, VersionTags};

use crate::{Database, Error, Scope, timeout, versions::VersionQuery};

/// Validators from a version column that the application keeps itself.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, request::Parts};
/// use tower_conditional::{ValidatorSource, VersionTags, route::Route};
/// use tower_conditional_sqlite::{Database, QuerySource, Scope};
///
/// let database = Database::in_memory()?;
/// database
///     .run(|connection| {
///         connection.execute_batch(
///             "CREATE TABLE notes (id INTEGER PRIMARY KEY, version INTEGER, updated_at INTEGER);
///              INSERT INTO notes VALUES (17, 3, 1763715600)",
///         )
///     })
///     .await?;
///
/// let note = Route::new("/notes/{id}")?;
/// let source = QuerySource::new(
///     database,
///     "SELECT version, updated_at FROM notes WHERE id = ?1",
///     move |request: &Parts| {
///         let id: i64 = note.parameter(request, "id")?;
///         Some((Scope::row("notes", id), vec![id.into()]))
///     },
/// );
///
/// let (request, ()) = Request::get("/notes/17").body(())?.into_parts();
/// let current = source.current(&request).await?;
/// let tag = current.validators().and_then(|known| known.etag.as_ref()).unwrap();
/// let scope = Scope::row("notes", 17);
/// assert!(tag.strong_eq(&VersionTags::plain().scope(scope).number(3)));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
/// #     .block_on(run()).unwrap();
/// ```
///
/// The first column of the first row is the version, the second, if there is
/// one, the time of the last write in seconds since 1970, or `NULL`. No row is
/// [`Current::Absent`]; where the function gives nothing, the state is
/// [`Current::Unknown`].
///
/// The scope says which resource the version is of, so that the tag of another
/// one with the same version is no tag of this one. It need not be watched.
///
/// | Version | Tag |
/// |---|---|
/// | integer | [`VersionTags::number`] |
/// | blob of 16 bytes | [`VersionTags::uuid`] |
/// | other blob, text | [`VersionTags::bytes`] |
/// | `NULL` | none, of a representation that is there |
/// | real | an error |
///
/// A version must be one as [`VersionTags`] needs it: changed by every
/// write and never used again. A time, or the maximum of a column over several
/// rows, is neither; [`VersionSource`](crate::VersionSource) has versions that
/// are both.
///
/// [`VersionTags`]: tower_conditional::VersionTags
///
/// # Errors
///
/// [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut), and those of
/// [`Database::run`].
#[derive(Clone)]
pub struct QuerySource<F> {
    database: Database,
    sql: Arc<str>,
    of: F,
    tags: VersionTags,
    timeout: Duration,
}

impl<F> QuerySource<F>
where
    F: Fn(&Parts) -> Option<(Scope, Vec<Value>)> + Send + Sync + 'static,
{
    /// From this query, with the scope of the tags and parameters from the
    /// request.
    #[must_use]
    pub fn new(database: Database, sql: impl Into<Arc<str>>, of: F) -> Self {
        Self {
            database,
            sql: sql.into(),
            of,
            tags: VersionTags::plain(),
            timeout: timeout::DEFAULT,
        }
    }
}

impl<F> QuerySource<F> {
    /// How tags are made; plain by default.
    #[must_use]
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Sets how long an answer may take, including the wait for the database's
    /// thread. Defaults to 5 seconds. It needs tokio's timer.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

impl<F> ValidatorSource for QuerySource<F>
where
    F: Fn(&Parts) -> Option<(Scope, Vec<Value>)> + Send + Sync + 'static,
{
    type Error = Error;

    async fn current(&self, request: &Parts) -> Result<Current, Error> {
        let Some((scope, params)) = (self.of)(request) else {
            return Ok(Current::Unknown);
        };
        let sql = Arc::clone(&self.sql);
        let query = VersionQuery { sql, params };
        let tags = self.tags.scope(scope);
        let read = self
            .database
            .run(move |connection| query.read(connection, &tags));
        timeout::within(self.timeout, read).await
    }
}

impl<F> fmt::Debug for QuerySource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySource")
            .field("sql", &self.sql)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
