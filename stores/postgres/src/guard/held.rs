use tokio_postgres::{
    Transaction,
    types::{ToSql, Type},
};
use tower_conditional::Current;

use crate::{Error, Scope, Statements};

/// A version of an absent row, inserted so that the row stays absent until the
/// transaction ends.
///
/// A writer that inserts the row writes the same version, and so has to wait.
#[derive(Debug)]
pub(super) struct HeldAbsence {
    release_sql: String,
    scope: Scope,
    version: i64,
}

impl HeldAbsence {
    /// Waits for writers that have inserted a version and not committed, and then inserts
    /// one. Returns `None` if another writer has committed a version.
    pub(super) async fn acquire(
        tx: &Transaction<'_>,
        scope: &Scope,
        statements: &Statements,
    ) -> Result<Option<Self>, Error> {
        let params: [(&(dyn ToSql + Sync), Type); 1] =
            [(&Statements::scope_text(scope), Type::TEXT)];
        let rows = tx.query_typed(&statements.hold_absence(), &params).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Self {
            release_sql: statements.release_absence(),
            scope: scope.clone(),
            version: row.try_get(0)?,
        }))
    }

    /// Returns `true` if this state of the scope is the held version, and so not a row.
    pub(super) fn is_state_of(
        &self,
        scope: &Scope,
        current: &Current,
        statements: &Statements,
    ) -> bool {
        let etag = current.validators().and_then(|found| found.etag.as_ref());
        let held = statements.tags_of(scope).number(self.version);
        self.scope == *scope && etag.is_some_and(|etag| etag.strong_eq(&held))
    }

    /// Deletes the version, unless the row was written and has another version. Returns `true`
    /// if the transaction is still open.
    pub(super) async fn release(
        &self,
        tx: &Transaction<'_>,
    ) -> Result<bool, tokio_postgres::Error> {
        let params: [(&(dyn ToSql + Sync), Type); 2] = [
            (&Statements::scope_text(&self.scope), Type::TEXT),
            (&self.version, Type::INT8),
        ];
        let row = tx.query_typed_one(&self.release_sql, &params).await?;
        row.try_get(0)
    }
}
