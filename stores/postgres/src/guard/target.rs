use std::fmt;

use tokio_postgres::{
    Transaction,
    types::{ToSql, Type},
};
use tower_conditional::{VersionTags, semantics::precondition::Current};

use crate::{
    Error, ErrorKind, InvalidSchema, Scope,
    name::TableName,
    schema::versions::BUCKETS,
    source::{Locking, Param, borrowed, current_of, default_table, read, select},
};

/// What a [`Guarded`](crate::Guarded) transaction is about to change.
#[must_use]
pub struct Target {
    state: State,
    tags: VersionTags,
}

enum State {
    Scope(Scope, TableName),
    Query(Scope, String, Vec<Param>),
}

impl Target {
    /// A scope that a [`Schema`](crate::Schema) watches.
    pub fn scope(scope: Scope) -> Self {
        Self {
            state: State::Scope(scope, default_table()),
            tags: VersionTags::plain(),
        }
    }

    /// A version that the application keeps itself, read as a
    /// [`QuerySource`](crate::QuerySource) reads it, by a query that locks what
    /// it reads: `SELECT version FROM notes WHERE id = $1 FOR UPDATE`.
    ///
    /// All that guard one target do so with the same scope, that of its tags: as
    /// long as there is no row to lock, the scope is what is locked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotLocking`] for a query without `FOR UPDATE` or `FOR NO
    /// KEY UPDATE`.
    pub fn query(scope: Scope, sql: impl Into<String>, params: Vec<Param>) -> Result<Self, Error> {
        let sql = sql.into();
        if !is_locking(&sql) {
            return Err(Error::of(ErrorKind::NotLocking));
        }
        Ok(Self {
            state: State::Query(scope, sql, params),
            tags: VersionTags::plain(),
        })
    }

    /// How versions become tags, as the source has it; [`VersionTags::plain`]
    /// by default.
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// The name that [`Schema::versions_table`](crate::Schema::versions_table)
    /// was given.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let name = TableName::new(name)?;
        if let State::Scope(_, versions) = &mut self.state {
            *versions = name;
        }
        Ok(self)
    }

    /// Waits for all who guard the target, and then reads what they left; each
    /// statement of `READ COMMITTED` sees what was committed before it.
    pub(super) async fn lock_and_read(&self, tx: &Transaction<'_>) -> Result<Current, Error> {
        match &self.state {
            State::Scope(scope, versions) => {
                if scope.is_collection() {
                    // The lock that `bump` of the schema shares.
                    let key = format!("$1, hashtextextended($2, 0) & {}", BUCKETS - 1);
                    lock(tx, &key, &[scope.watched(), scope.as_str()]).await?;
                } else {
                    lock(tx, "$1, 0", &[scope.as_str()]).await?;
                }
                let sql = select(versions, Locking::ForUpdate);
                read(tx, &sql, scope, &self.tags).await
            }
            State::Query(scope, sql, params) => {
                lock(tx, "$1, 1", &[scope.as_str()]).await?;
                let row = tx.query_opt(sql, &borrowed(params)).await?;
                let tags = self.tags.scope(scope);
                row.map_or(Ok(Current::Absent), |row| current_of(&row, &tags))
            }
        }
    }
}

/// Also where there is no row: of two that create, the second waits here.
async fn lock(tx: &Transaction<'_>, key: &str, texts: &[&str]) -> Result<(), Error> {
    let sql = format!("SELECT pg_advisory_xact_lock(hashtextextended({key}))");
    let params: Vec<_> = texts
        .iter()
        .map(|text| (text as &(dyn ToSql + Sync), Type::TEXT))
        .collect();
    tx.query_typed(&sql, &params).await?;
    Ok(())
}

fn is_locking(sql: &str) -> bool {
    let words: Vec<_> = sql.split_whitespace().map(str::to_uppercase).collect();
    let sql = words.join(" ");
    sql.contains("FOR UPDATE") || sql.contains("FOR NO KEY UPDATE")
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Target");
        match &self.state {
            State::Scope(scope, _) => debug.field("scope", scope),
            // Parameters may be what no log should have.
            State::Query(scope, sql, _) => debug.field("scope", scope).field("query", sql),
        };
        debug.finish_non_exhaustive()
    }
}
