use std::{fmt, sync::Arc, time::Duration};

use http::request::Parts;
use rusqlite::types::Value;
use tower_conditional::{Current, ValidatorSource, VersionTags};

use crate::{Database, Error, Scope, timeout, versions::VersionQuery};

/// A source of validators from a version column that the application keeps itself.
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
/// The first column of the first row is the version. A second column is optional: the
/// time of the last write in seconds since 1970, or `NULL`. No row means
/// [`Current::Absent`]. If the function returns `None`, the state is [`Current::Unknown`].
///
/// The scope names the resource, so another resource with the same version has another
/// tag. The scope need not be watched.
///
/// | Version | Tag |
/// |---|---|
/// | integer | [`VersionTags::number`] |
/// | blob of 16 bytes | [`VersionTags::uuid`] |
/// | other blob, text | [`VersionTags::bytes`] |
/// | `NULL` | none, but the representation exists |
/// | real | an error |
///
/// Every write must change the version, and no version may be used again, as
/// [`VersionTags`] says. A time can stay the same, and the maximum of a column over several
/// rows can return. The versions of [`VersionSource`](crate::VersionSource) meet the rule.
///
/// [`VersionTags`]: tower_conditional::VersionTags
///
/// # Errors
///
/// It returns [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) and the errors of
/// [`Database::run`].
#[derive(Clone)]
pub struct QuerySource<F> {
    database: Database,
    sql: Arc<str>,
    params: F,
    tags: VersionTags,
    timeout: Duration,
}

impl<F> QuerySource<F>
where
    F: Fn(&Parts) -> Option<(Scope, Vec<Value>)> + Send + Sync + 'static,
{
    /// Creates a source from a query. The function returns the scope of the tags and the
    /// parameters for a request, or `None` if the source does not know it.
    #[must_use]
    pub fn new(database: Database, sql: impl Into<Arc<str>>, params: F) -> Self {
        Self {
            database,
            sql: sql.into(),
            params,
            tags: VersionTags::plain(),
            timeout: timeout::DEFAULT,
        }
    }
}

impl<F> QuerySource<F> {
    /// Sets the kind of tags. Defaults to [`VersionTags::plain`].
    #[must_use]
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Sets how long an answer may take, including the wait for the thread of the
    /// database. Defaults to 5 seconds. It needs tokio's timer.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no answer would come in time.
    #[must_use]
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        let timeout = timeout::above_zero(timeout);
        Self { timeout, ..self }
    }
}

impl<F> ValidatorSource for QuerySource<F>
where
    F: Fn(&Parts) -> Option<(Scope, Vec<Value>)> + Send + Sync + 'static,
{
    type Error = Error;

    async fn current(&self, request: &Parts) -> Result<Current, Error> {
        let Some((scope, params)) = (self.params)(request) else {
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
