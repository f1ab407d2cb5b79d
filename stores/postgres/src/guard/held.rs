use tokio_postgres::{
    Transaction,
    types::{ToSql, Type},
};
use tower_conditional::Current;

use crate::{Error, Scope, Statements};

/// An absent row's version, inserted so that the row stays absent until the
/// transaction ends.
///
/// A writer that inserts the row has to write the same version, and waits.
#[derive(Debug)]
pub(super) struct HeldAbsence {
    release_sql: String,
    scope: Scope,
    version: i64,
}

impl HeldAbsence {
    /// Inserts the version, after all writers that have inserted one and not
    /// committed. Returns `None` if another writer has committed one.
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

    /// Returns `true` if this state of the scope is the held version, so no row's.
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

    /// Deletes the version, unless the row was written: then it is another one.
    pub(super) async fn release(&self, tx: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
        let params: [(&(dyn ToSql + Sync), Type); 2] = [
            (&Statements::scope_text(&self.scope), Type::TEXT),
            (&self.version, Type::INT8),
        ];
        tx.query_typed(&self.release_sql, &params).await?;
        Ok(())
    }
}
