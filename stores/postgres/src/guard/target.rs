use std::{fmt, time::Duration};

use tokio_postgres::{
    Transaction,
    types::{ToSql, Type},
};
use tower_conditional::{Current, VersionTags};

use super::held::HeldAbsence;
use crate::{
    Error, ErrorKind, InvalidSchema, Scope,
    schema::{
        default_versions,
        versions::{BUCKETS, Versions},
    },
    source::{Locking, Param, borrowed, current_of, read, select},
};

/// The number of reads of a row that other writers replace meanwhile.
const ATTEMPTS: u32 = 16;

/// What a [`Guarded`](crate::Guarded) transaction is about to change.
#[must_use]
pub struct Target {
    state: State,
    tags: VersionTags,
    lock_timeout: Duration,
}

enum State {
    Scope(Scope, Versions),
    Query(Scope, String, Vec<Param>),
}

impl Target {
    /// A scope that a [`Schema`](crate::Schema) watches.
    pub fn scope(scope: Scope) -> Self {
        Self::new(State::Scope(scope, default_versions()))
    }

    /// A version that the application keeps itself, read as a
    /// [`QuerySource`](crate::QuerySource) reads it, by a query that locks what
    /// it reads: `SELECT version FROM notes WHERE id = $1 FOR UPDATE`.
    ///
    /// All writers of one target need the same scope, in the same spelling: it is
    /// the scope of the tags, and it is locked while there is no row to lock.
    /// Writers that are not guarded do not take this lock, so absence is not held
    /// here: see [`Guarded`](crate::Guarded#creating).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotLocking`] for a query without `FOR UPDATE` or `FOR NO KEY
    /// UPDATE`. So is one with `SKIP LOCKED`: it finds no row while the row is
    /// being written.
    pub fn query(scope: Scope, sql: impl Into<String>, params: Vec<Param>) -> Result<Self, Error> {
        let sql = sql.into();
        if !is_locking(&sql) {
            return Err(Error::because(
                ErrorKind::NotLocking,
                format!("query {sql:?}"),
            ));
        }
        Ok(Self::new(State::Query(scope, sql, params)))
    }

    fn new(state: State) -> Self {
        Self {
            state,
            tags: VersionTags::plain(),
            lock_timeout: Duration::from_secs(2),
        }
    }

    /// How versions become tags, as the source has it; [`VersionTags::plain`]
    /// by default.
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Sets how long each wait for a lock may take, in all statements of the
    /// transaction. Defaults to 2 seconds, and overrides the role's and the
    /// connection's own `lock_timeout`. PostgreSQL counts whole milliseconds, so
    /// the value is clamped to 1 ms at least and `i32::MAX` ms at most.
    ///
    /// While a guard of a table or group waits for a writer, the next writers
    /// wait behind the guard. So a long timeout lets one long transaction stop
    /// all writers of the table for that time.
    pub fn lock_timeout(self, lock_timeout: Duration) -> Self {
        Self {
            lock_timeout,
            ..self
        }
    }

    /// The name that [`Schema::versions_table`](crate::Schema::versions_table)
    /// was given.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let named = Versions::new(name)?;
        if let State::Scope(_, versions) = &mut self.state {
            *versions = named;
        }
        Ok(self)
    }

    /// Sets the lock timeout. Without a condition nothing is locked before the
    /// handler's own statements.
    pub(super) async fn limit_waits(&self, tx: &Transaction<'_>) -> Result<(), Error> {
        self.lock(tx, "", &[]).await
    }

    /// Waits for all who guard the target, and then reads what they left; each
    /// statement of `READ COMMITTED` sees what was committed before it.
    pub(super) async fn lock_and_read(
        &self,
        tx: &Transaction<'_>,
    ) -> Result<(Current, Option<HeldAbsence>), Error> {
        match &self.state {
            State::Scope(scope, versions) => {
                if scope.is_collection() {
                    // The lock that `bump` of the schema shares.
                    let key = format!("$2, hashtextextended($3, 0) & {}", BUCKETS - 1);
                    let texts = [scope.watched(), scope.as_str()];
                    self.lock(tx, &advisory_lock(&key), &texts).await?;
                } else {
                    // Its version is locked instead, or its absence held.
                    self.limit_waits(tx).await?;
                }
                self.hold(tx, scope, versions).await
            }
            State::Query(scope, sql, params) => {
                // Also where there is no row: of two that create, the second waits here.
                self.lock(tx, &advisory_lock("$2, 1"), &[scope.as_str()])
                    .await?;
                let params = borrowed(params);
                let mut row = tx.query_opt(sql, &params).await?;
                if row.is_none() {
                    // The row that it waited for is gone, and another may be there.
                    row = tx.query_opt(sql, &params).await?;
                }
                let tags = self.tags.scope(scope);
                let current = row.map_or(Ok(Current::Absent), |row| current_of(&row, &tags));
                Ok((current?, None))
            }
        }
    }

    /// Reads the state under a lock. An absence is held.
    ///
    /// A statement that waits for a row finds nothing if its writer deletes it,
    /// even if the writer inserts it again. So if the absence cannot be held, the
    /// next statement looks again.
    async fn hold(
        &self,
        tx: &Transaction<'_>,
        scope: &Scope,
        versions: &Versions,
    ) -> Result<(Current, Option<HeldAbsence>), Error> {
        let sql = select(&versions.table, Locking::ForUpdate);
        for _ in 0..ATTEMPTS {
            let current = read(tx, &sql, scope, &self.tags).await?;
            if !matches!(current, Current::Absent) {
                return Ok((current, None));
            }
            let held = HeldAbsence::of(tx, scope, versions).await?;
            if held.is_some() {
                return Ok((current, held));
            }
        }
        Err(Error::about(ErrorKind::Unsettled, scope))
    }

    /// Sets the lock timeout, and evaluates `lock` under it, in one round trip.
    async fn lock(&self, tx: &Transaction<'_>, lock: &str, texts: &[&str]) -> Result<(), Error> {
        let millis = self.lock_timeout.as_millis();
        let millis = millis.clamp(1, i32::MAX.unsigned_abs().into()).to_string();
        let sql = format!("SELECT {lock} FROM set_config('lock_timeout', $1, true)");
        let mut params: Vec<(&(dyn ToSql + Sync), _)> = vec![(&millis, Type::TEXT)];
        for text in texts {
            params.push((text, Type::TEXT));
        }
        tx.query_typed(&sql, &params).await?;
        Ok(())
    }
}

fn advisory_lock(key: &str) -> String {
    format!("pg_advisory_xact_lock(hashtextextended({key}))")
}

fn is_locking(sql: &str) -> bool {
    let words: Vec<_> = sql.split_whitespace().map(str::to_uppercase).collect();
    let sql = words.join(" ");
    let locks = sql.contains("FOR UPDATE") || sql.contains("FOR NO KEY UPDATE");
    // A row that another writer has locked would look absent.
    locks && !sql.contains("SKIP LOCKED")
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
