use std::{fmt, time::Duration};

use deadpool_postgres::Pool;
use http::request::Parts;
use tokio_postgres::{
    GenericClient,
    types::{ToSql, Type},
};
use tower_conditional::{Current, ValidatorSource, VersionTags};

use crate::{
    Error, InvalidSchema, Scope, Statements,
    lease::{DEFAULT_TIMEOUT, above_zero, within},
};

/// A source of validators from the versions of a [`Schema`](crate::Schema), with one read
/// by primary key.
///
/// - A row without a version is [`Current::Absent`].
/// - A table and a group are always present. They have a tag even before the first write.
/// - A scope that is not watched is an error
///   ([`ErrorKind::NotWatched`](crate::ErrorKind::NotWatched)).
/// - If the function returns `None` or a key in another spelling ([`Scope`]), the state is
///   [`Current::Unknown`].
///
/// The tag of a row is [`VersionTags::number`] of its version. The tag of a table or group
/// is [`VersionTags::bytes`] over the versions in all its slots ([`Statements::current`]).
/// Both are in the [scope](VersionTags::scope) that the function returns. The tag changes
/// with each commit that changes the content, in whatever order writers took their numbers.
///
/// Use the pool that the handler reads from. If that is a replica that lags behind, old
/// content then has an old tag.
///
/// ```no_run
/// # fn run(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// use http::request::Parts;
/// use tower_conditional::{ConditionalLayer, route::Route};
/// use tower_conditional_postgres::{Scope, VersionSource};
///
/// let route = Route::new("/notes/{id}")?;
/// let source = VersionSource::new(pool, move |request: &Parts| {
///     let id: i64 = route.parameter(request, "id")?;
///     Some(Scope::row("notes", id))
/// });
/// let layer = ConditionalLayer::new().source(source);
/// # let _ = layer;
/// # Ok(())
/// # }
/// ```
///
/// # A handler that labels its content
///
/// If the tag is read before the content, it may be older than the content. A handler can
/// read both in one statement, and then makes the same tag as the source:
///
/// ```no_run
/// use tokio_postgres::Client;
/// use tower_conditional::{BoxError, handler::WithValidators};
/// use tower_conditional_postgres::{Scope, Statements};
///
/// /// `None` is 404.
/// async fn read(client: &Client, id: i64) -> Result<Option<WithValidators<String>>, BoxError> {
///     let (scope, statements) = (Scope::row("notes", id), Statements::new());
///     let versions = statements.versions_column(2); // parameters 2 and 3
///     let sql = format!("SELECT text, {versions} FROM notes WHERE id = $1");
///     let params: [&(dyn ToSql + Sync); 3] = [&id, &scope.as_str(), &scope.watch_key()];
///     let Some(row) = client.query_opt(&sql, &params).await? else {
///         return Ok(None);
///     };
///     let current = statements.current(&scope, row.get::<_, &[u8]>(1))?;
///     let validators = current.validators().cloned().unwrap_or_default();
///     Ok(Some(WithValidators(row.get(0), validators)))
/// }
/// # use tokio_postgres::types::ToSql;
/// ```
///
/// If you change the [tags](Self::tags) or the [table](Self::versions_table), change them
/// in the [`Statements`] too. For a query that may return no row, such as one of a whole
/// table, see [`Statements::versions_column`].
#[derive(Clone)]
#[must_use]
pub struct VersionSource<F> {
    pool: Pool,
    scope: F,
    statements: Statements,
    timeout: Duration,
}

impl<F: Fn(&Parts) -> Option<Scope>> VersionSource<F> {
    /// Creates a source. The function returns the scope of a request, or `None` if the
    /// source does not know it.
    pub fn new(pool: Pool, scope: F) -> Self {
        Self {
            pool,
            scope,
            statements: Statements::new(),
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Sets the kind of tags. Defaults to [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        let statements = self.statements.tags(tags);
        Self { statements, ..self }
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

    /// Sets the name of the table of versions, as in
    /// [`Schema::versions_table`](crate::Schema::versions_table). Defaults to
    /// `conditional_versions`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let statements = self.statements.versions_table(name)?;
        Ok(Self { statements, ..self })
    }

    pub(super) async fn state(&self, request: &Parts) -> Result<Current, Error> {
        let Some(scope) = (self.scope)(request) else {
            return Ok(Current::Unknown);
        };
        let statements = &self.statements;
        let current = within(self.timeout, &self.pool, async |client| {
            read(&**client, statements, statements.read(), &scope).await
        });
        current.await
    }
}

impl<F> ValidatorSource for VersionSource<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    type Error = Error;

    async fn current(&self, request: &Parts) -> Result<Current, Error> {
        self.state(request).await
    }
}

impl<F> fmt::Debug for VersionSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersionSource")
            .field("statements", &self.statements)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Reads the state of a scope by [`Statements::read`] or [`Statements::read_for_update`].
///
/// It takes one round trip and no prepared statement, so it works with any pooler.
pub(crate) async fn read(
    client: &(impl GenericClient + Sync),
    statements: &Statements,
    sql: &str,
    scope: &Scope,
) -> Result<Current, Error> {
    let params: [(&(dyn ToSql + Sync), Type); 2] = [
        (&Statements::scope_text(scope), Type::TEXT),
        (&scope.watch_key(), Type::TEXT),
    ];
    let row = client.query_typed_one(sql, &params).await?;
    let versions: &[u8] = row.try_get(0)?;
    Ok(statements.current(scope, versions)?)
}
