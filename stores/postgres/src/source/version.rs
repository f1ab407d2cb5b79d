use std::{fmt, time::Duration};

use deadpool_postgres::Pool;
use http::request::Parts;
use tokio_postgres::{
    GenericClient,
    types::{ToSql, Type},
};
use tower_conditional::{Current, ValidatorSource, VersionTags};

use crate::{
    Error, ErrorKind, InvalidSchema, Scope,
    lease::{DEFAULT_TIMEOUT, within},
    name::TableName,
    schema::versions::{SPELLING, VERSIONS, WATCHED},
    spelling::is_spelled,
};

/// The validators of a scope that a [`Schema`](crate::Schema) watches, with
/// one read by primary key.
///
/// A row that is not there is absent. A table and a group are always present,
/// with a tag of their own as long as nobody has written to them. A scope that
/// is not watched is an error ([`ErrorKind::NotWatched`]), not an absence, and
/// of a key in another spelling ([`Scope`]) this source does not know.
///
/// The tag of a row is [`VersionTags::number`] of its version; that of a table
/// or group is [`VersionTags::bytes`] over the versions in all its slots. Both
/// are in the [scope](VersionTags::scope) that the function gives. The tag
/// changes with each commit that changes the content, in whatever order the
/// writers took their numbers.
///
/// It tells the state of the side that its pool is connected to: give it the
/// pool that the handler reads from, and a replica that lags gives old content
/// an old tag.
///
/// ```no_run
/// # fn run(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// use http::request::Parts;
/// use tower_conditional::{route::Route, ConditionalLayer};
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
/// A tag that is read before the content may be older than the content. A
/// handler that reads both in one statement makes the same tag as the source,
/// and nothing can come between:
///
/// ```no_run
/// use tokio_postgres::{Client, Error};
/// use tower_conditional::{VersionTags, handler::Validated};
/// use tower_conditional_postgres::Scope;
///
/// /// `None` is 404.
/// async fn read(client: &Client, id: i64) -> Result<Option<Validated<String>>, Error> {
///     let sql = "SELECT text, version FROM notes JOIN conditional_versions ON scope = $2
///         WHERE id = $1";
///     let scope = Scope::row("notes", id);
///     let row = client.query_opt(sql, &[&id, &scope.as_str()]).await?;
///     let tags = VersionTags::plain().scope(&scope);
///     Ok(row.map(|row| Validated(row.get(0), tags.number(row.get(1)).into())))
/// }
/// ```
///
/// The versions of a table or group are the bytes that this gives, beside
/// whatever else is selected. A group needs the row that says that groups are
/// watched, too: `OR slot = -1 AND scope = 'group/notes/tenant_id'`.
///
/// ```sql
/// (SELECT string_agg(int4send(slot) || int8send(version), '' ORDER BY slot)
///  FROM conditional_versions WHERE scope = 'table/notes')
/// ```
#[derive(Clone)]
#[must_use]
pub struct VersionSource<F> {
    pool: Pool,
    scope: F,
    sql: String,
    tags: VersionTags,
    timeout: Duration,
}

impl<F: Fn(&Parts) -> Option<Scope>> VersionSource<F> {
    /// Of the scope that a request is about; `None` is that this source does
    /// not know.
    pub fn new(pool: Pool, scope: F) -> Self {
        Self {
            pool,
            scope,
            sql: select(&default_table(), Locking::No),
            tags: VersionTags::plain(),
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// How versions become tags; [`VersionTags::plain`] by default.
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Sets how long an answer may take, including the wait for a connection.
    /// Defaults to 5 seconds.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The name that [`Schema::versions_table`](crate::Schema::versions_table)
    /// was given.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self {
            sql: select(&TableName::new(name)?, Locking::No),
            ..self
        })
    }

    pub(super) async fn state(&self, request: &Parts) -> Result<Current, Error> {
        let Some(scope) = (self.scope)(request) else {
            return Ok(Current::Unknown);
        };
        let current = within(self.timeout, &self.pool, async |client| {
            read(&**client, &self.sql, &scope, &self.tags).await
        });
        match current.await {
            Err(error) if error.kind() == ErrorKind::OtherSpelling => Ok(Current::Unknown),
            current => current,
        }
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
            .field("sql", &self.sql)
            .field("tags", &self.tags)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn default_table() -> TableName {
    TableName::new(VERSIONS).expect("a name")
}

/// Whether what is read stays as it is until the end of the transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Locking {
    No,
    ForUpdate,
}

/// SQL for [`read`].
pub(crate) fn select(versions: &TableName, locking: Locking) -> String {
    let lock = match locking {
        Locking::No => "",
        Locking::ForUpdate => "FOR UPDATE",
    };
    format!(
        "WITH found AS (
            SELECT slot, version FROM {versions} WHERE scope = $1 AND slot >= 0 {lock}
        )
        SELECT slot, version FROM found
        UNION ALL SELECT slot, version FROM {versions}
            WHERE scope = $2 AND slot IN ({SPELLING}, {WATCHED})
        ORDER BY slot"
    )
}

/// Reads the state of a scope, in one round trip and without a prepared
/// statement, so behind any pooler.
pub(crate) async fn read(
    client: &(impl GenericClient + Sync),
    sql: &str,
    scope: &Scope,
    tags: &VersionTags,
) -> Result<Current, Error> {
    let (text, watched) = (scope.as_str(), scope.watched());
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&text, Type::TEXT), (&watched, Type::TEXT)];
    let mut found = Vec::new();
    for row in client.query_typed(sql, &params).await? {
        found.push((row.try_get(0)?, row.try_get(1)?));
    }
    state(scope, &found, tags)
}

/// What the versions in all slots come to.
fn state(scope: &Scope, found: &[(i32, i64)], tags: &VersionTags) -> Result<Current, Error> {
    let (spelling, found) = match found {
        [(SPELLING, code), rest @ ..] => (*code, rest),
        _ => (0, found),
    };
    let [(WATCHED, _), slots @ ..] = found else {
        return Err(Error::about(ErrorKind::NotWatched, scope));
    };
    if let Some(value) = scope.value()
        && !is_spelled(spelling, value)
    {
        return Err(Error::about(ErrorKind::OtherSpelling, scope));
    }
    let tags = tags.scope(scope);
    if scope.is_collection() {
        // The row that says that it is watched makes a tag without any slot.
        let bytes: Vec<u8> = found
            .iter()
            .flat_map(|(slot, version)| slot.to_be_bytes().into_iter().chain(version.to_be_bytes()))
            .collect();
        return Ok(tags.bytes(&bytes).into());
    }
    Ok(match slots {
        [(_, version), ..] => tags.number(*version).into(),
        [] => Current::Absent,
    })
}
