use std::{fmt, time::Duration};

use tokio_postgres::{
    Transaction,
    types::{ToSql, Type},
};
use tower_conditional::{Current, VersionTags};

use super::held::HeldAbsence;
use crate::{
    Error, ErrorKind, InvalidSchema, Scope, Statements,
    source::{Param, borrowed, current_of, read},
};

/// The largest number of reads of a row that other writers keep replacing.
const ATTEMPTS: u32 = 16;

/// The target of a [`Guarded`](crate::Guarded) transaction, whose state is compared.
#[must_use]
pub struct Target {
    pub(super) scope: Scope,
    /// The query for a version that the application keeps itself.
    pub(super) query: Option<LockingQuery>,
    pub(super) statements: Statements,
    lock_timeout: Duration,
}

pub(super) struct LockingQuery {
    sql: String,
    params: Vec<Param>,
}

impl Target {
    /// Creates a target from a scope that a [`Schema`](crate::Schema) watches.
    pub fn scope(scope: Scope) -> Self {
        Self::new(scope, None)
    }

    /// Creates a target from a query for a version that the application keeps itself.
    ///
    /// The query returns the columns of a [`QuerySource`](crate::QuerySource), and locks
    /// the row that it reads: `SELECT version FROM notes WHERE id = $1 FOR UPDATE`.
    ///
    /// All writers of one target need the same scope, in the same spelling. It is the
    /// scope of the tags, and it is locked if there is no row to lock. Writers that are
    /// not guarded do not take this lock, so the absence of the row is not held: see
    /// [`Guarded`](crate::Guarded#creating).
    ///
    /// A query without `FOR UPDATE` or `FOR NO KEY UPDATE` is refused
    /// ([`ErrorKind::MissingLock`]). So is a query with `SKIP LOCKED`, which finds no row
    /// while another writer has locked it.
    pub fn query(scope: Scope, sql: impl Into<String>, params: Vec<Param>) -> Self {
        let sql = sql.into();
        Self::new(scope, Some(LockingQuery { sql, params }))
    }

    fn new(scope: Scope, query: Option<LockingQuery>) -> Self {
        Self {
            scope,
            query,
            statements: Statements::new(),
            lock_timeout: Duration::from_secs(2),
        }
    }

    /// Sets the kind of tags, which must be that of the source. Defaults to
    /// [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        let statements = self.statements.tags(tags);
        Self { statements, ..self }
    }

    /// Sets how long each wait for a lock may take, in all statements of the transaction.
    /// Defaults to 2 seconds.
    ///
    /// It overrides the `lock_timeout` of the role and of the connection. PostgreSQL
    /// counts whole milliseconds, so the value is clamped to 1 ms at least and
    /// `i32::MAX` ms at most. For PostgreSQL, zero would be no limit.
    ///
    /// While a guard of a table or group waits for a writer, later writers wait for the
    /// guard. So with a long timeout, one long transaction can stop all writers of the
    /// table for that time.
    pub fn lock_timeout(self, lock_timeout: Duration) -> Self {
        Self {
            lock_timeout,
            ..self
        }
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

    /// Refuses a query that takes no lock, so that another writer could come between.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.query {
            Some(LockingQuery { sql, .. }) if !is_locking(sql) => {
                let reason = format!("query {sql:?}");
                Err(Error::with_reason(ErrorKind::MissingLock, reason))
            }
            _ => Ok(()),
        }
    }

    /// Sets the lock timeout. Without a condition, the handler's own statements are the
    /// first to lock anything.
    pub(super) async fn set_lock_timeout(&self, tx: &Transaction<'_>) -> Result<(), Error> {
        self.lock(tx, &Statements::set_lock_timeout(), &[]).await
    }

    /// Waits for other guards of the target, and then reads its state.
    ///
    /// In `READ COMMITTED`, each statement sees all commits before it.
    pub(super) async fn lock_and_read(
        &self,
        tx: &Transaction<'_>,
    ) -> Result<(Current, Option<HeldAbsence>), Error> {
        let text = Statements::scope_text(&self.scope);
        let Some(query) = &self.query else {
            if self.scope.is_collection() {
                let texts = [self.scope.watch_key(), &text];
                self.lock(tx, &Statements::lock_collection(), &texts)
                    .await?;
            } else {
                // For a row, `hold` locks the version or holds the absence.
                self.set_lock_timeout(tx).await?;
            }
            return self.hold(tx).await;
        };
        // Without a row there is nothing else to lock: of two creators, the second waits.
        self.lock(tx, &Statements::lock_unwatched(), &[&text])
            .await?;
        Ok((self.run(tx, query).await?, None))
    }

    /// Reads the version that the application keeps itself.
    pub(super) async fn run(
        &self,
        tx: &Transaction<'_>,
        query: &LockingQuery,
    ) -> Result<Current, Error> {
        let params = borrowed(&query.params);
        let mut row = tx.query_opt(&query.sql, &params).await?;
        if row.is_none() {
            // The statement may have waited for a row that was then replaced.
            row = tx.query_opt(&query.sql, &params).await?;
        }
        let tags = self.statements.tags_of(&self.scope);
        row.map_or(Ok(Current::Absent), |row| current_of(&row, &tags))
    }

    /// Reads the state under a lock, and holds an absence.
    ///
    /// If a statement waits for a row and its writer deletes it, the statement finds
    /// nothing, even if the writer inserts the row again. So if the absence cannot be
    /// held, the state is read again.
    async fn hold(&self, tx: &Transaction<'_>) -> Result<(Current, Option<HeldAbsence>), Error> {
        let (scope, statements) = (&self.scope, &self.statements);
        let sql = statements.read_for_update();
        for _ in 0..ATTEMPTS {
            match read(tx, statements, &sql, scope).await? {
                Current::Absent => {}
                Current::Unknown => return Err(Error::for_scope(ErrorKind::OtherSpelling, scope)),
                present @ Current::Present(_) => return Ok((present, None)),
            }
            let held = HeldAbsence::acquire(tx, scope, statements).await?;
            if held.is_some() {
                return Ok((Current::Absent, held));
            }
        }
        Err(Error::for_scope(ErrorKind::Contention, scope))
    }

    /// Runs a statement whose first parameter is the lock timeout.
    async fn lock(&self, tx: &Transaction<'_>, sql: &str, texts: &[&str]) -> Result<(), Error> {
        let millis = self.lock_timeout.as_millis();
        let millis = millis.clamp(1, i32::MAX.unsigned_abs().into()).to_string();
        let mut params: Vec<(&(dyn ToSql + Sync), _)> = vec![(&millis, Type::TEXT)];
        for text in texts {
            params.push((text, Type::TEXT));
        }
        tx.query_typed(sql, &params).await?;
        Ok(())
    }
}

fn is_locking(sql: &str) -> bool {
    let words: Vec<_> = sql.split_whitespace().map(str::to_uppercase).collect();
    let sql = words.join(" ");
    let locks = sql.contains("FOR UPDATE") || sql.contains("FOR NO KEY UPDATE");
    // With SKIP LOCKED, a row that another writer has locked looks absent.
    locks && !sql.contains("SKIP LOCKED")
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Target");
        debug.field("scope", &self.scope);
        if let Some(query) = &self.query {
            // Parameters may be secrets.
            debug.field("query", &query.sql);
        }
        debug.finish_non_exhaustive()
    }
}
