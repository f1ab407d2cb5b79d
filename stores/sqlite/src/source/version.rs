use std::{fmt, time::Duration};

use http::request::Parts;
use tower_conditional::{Current, ValidatorSource, VersionTags};

use crate::{Database, Error, InvalidSchema, Scope, Statements, timeout, versions::read};

/// A source of validators from the versions of a [`Schema`](crate::Schema), with one read
/// by primary key.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, request::Parts};
/// use tower_conditional::{Current, ValidatorSource, route::Route};
/// use tower_conditional_sqlite::{Database, Install, Schema, Scope, VersionSource, Watch};
///
/// let database = Database::in_memory()?;
/// database
///     .run(|connection| {
///         connection.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
///     })
///     .await?;
/// let watch = Watch::table("notes").each_row("id").whole_table();
/// Schema::new().watch(watch)?.install(&database).await?;
///
/// let note = Route::new("/notes/{id}")?;
/// let source = VersionSource::new(database.clone(), move |request: &Parts| {
///     match request.uri.path() {
///         "/notes" => Some(Scope::table("notes")),
///         _ => {
///             let id: i64 = note.parameter(request, "id")?;
///             Some(Scope::row("notes", id))
///         }
///     }
/// });
///
/// let (request, ()) = Request::get("/notes/17").body(())?.into_parts();
/// assert!(matches!(source.current(&request).await?, Current::Absent));
/// database
///     .run(|connection| connection.execute("INSERT INTO notes VALUES (17, 'hello')", ()))
///     .await?;
/// assert!(matches!(source.current(&request).await?, Current::Present(_)));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
/// #     .block_on(run()).unwrap();
/// ```
///
/// The tag is [`VersionTags::number`] of the version, in the [scope](VersionTags::scope)
/// that the function returns. A row without a version is [`Current::Absent`]. A table and
/// a group always exist. If the function returns `None` or a key in another spelling
/// ([`Scope`]), the state is [`Current::Unknown`].
///
/// # A handler that labels its content
///
/// If the tag is read before the content, it may be older than the content. A handler can
/// read both in one statement, and then makes the same tag as the source:
///
/// ```
/// use tower_conditional::handler::WithValidators;
/// use tower_conditional_sqlite::{
///     Database, Error, Scope, Statements, rusqlite::OptionalExtension,
/// };
///
/// /// `None` is 404.
/// async fn read(database: &Database, id: i64) -> Result<Option<WithValidators<String>>, Error> {
///     let (scope, statements) = (Scope::row("notes", id), Statements::new());
///     let versions = statements.versions_column(2); // parameters 2 and 3
///     let sql = format!("SELECT text, {versions} FROM notes WHERE id = ?1");
///     let note = database.run(move |connection| {
///         let params = (id, scope.as_str(), scope.watch_key());
///         let read = connection.query_row(&sql, params, |row| Ok((row.get(0)?, row.get(1)?)));
///         let Some((text, versions)): Option<(_, String)> = read.optional()? else {
///             return Ok(None);
///         };
///         Ok(Some((text, statements.current(&scope, versions))))
///     });
///     let Some((text, current)) = note.await? else { return Ok(None) };
///     let validators = current?.validators().cloned().unwrap_or_default();
///     Ok(Some(WithValidators(text, validators)))
/// }
/// ```
///
/// If you change the [tags](Self::tags) or the [table](Self::versions_table), change them
/// in the [`Statements`] too. For a query that may return no row, such as one of a whole
/// table, see [`Statements::versions_column`].
///
/// # Errors
///
/// It returns [`ErrorKind::NotWatched`](crate::ErrorKind::NotWatched) for a scope that is
/// not watched, [`TimedOut`](crate::ErrorKind::TimedOut), and the errors of
/// [`Database::run`].
#[derive(Clone)]
pub struct VersionSource<F> {
    database: Database,
    scope: F,
    statements: Statements,
    timeout: Duration,
}

impl<F> VersionSource<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    /// Creates a source. The function returns the scope of a request, or `None` if the
    /// source does not know it.
    #[must_use]
    pub fn new(database: Database, scope: F) -> Self {
        Self {
            database,
            scope,
            statements: Statements::new(),
            timeout: timeout::DEFAULT,
        }
    }
}

impl<F> VersionSource<F> {
    /// Sets the kind of tags. Defaults to [`VersionTags::plain`].
    #[must_use]
    pub fn tags(self, tags: VersionTags) -> Self {
        let statements = self.statements.tags(tags);
        Self { statements, ..self }
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
}

impl<F> ValidatorSource for VersionSource<F>
where
    F: Fn(&Parts) -> Option<Scope> + Send + Sync + 'static,
{
    type Error = Error;

    async fn current(&self, request: &Parts) -> Result<Current, Error> {
        let Some(scope) = (self.scope)(request) else {
            return Ok(Current::Unknown);
        };
        let statements = self.statements.clone();
        let read = self
            .database
            .run(move |connection| read(connection, &statements, &scope));
        timeout::within(self.timeout, read).await
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
