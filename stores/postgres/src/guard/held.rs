use tokio_postgres::{
    Transaction,
    types::{ToSql, Type},
};

use crate::{Error, Scope, schema::versions::Versions};

/// An absent row's version, inserted so that the row stays absent until the
/// transaction ends.
///
/// A writer that inserts the row has to write the same version, and waits.
#[derive(Debug)]
pub(super) struct HeldAbsence {
    forget: String,
    scope: Scope,
    version: i64,
}

impl HeldAbsence {
    /// Inserts the version, after all writers that have inserted one and not
    /// committed. Returns `None` if another writer has committed one.
    pub(super) async fn of(
        tx: &Transaction<'_>,
        scope: &Scope,
        versions: &Versions,
    ) -> Result<Option<Self>, Error> {
        let (table, next) = (&versions.table, versions.next());
        let insert = format!(
            "INSERT INTO {table} (scope, slot, version) VALUES ($1, 0, {next})
            ON CONFLICT DO NOTHING RETURNING version"
        );
        let params: [(&(dyn ToSql + Sync), Type); 1] = [(&scope.as_str(), Type::TEXT)];
        let rows = tx.query_typed(&insert, &params).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Self {
            forget: format!("DELETE FROM {table} WHERE scope = $1 AND slot = 0 AND version = $2"),
            scope: scope.clone(),
            version: row.try_get(0)?,
        }))
    }

    /// Deletes the version, unless the row was written: then it is another one.
    pub(super) async fn end(&self, tx: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
        let params: [(&(dyn ToSql + Sync), Type); 2] = [
            (&self.scope.as_str(), Type::TEXT),
            (&self.version, Type::INT8),
        ];
        tx.query_typed(&self.forget, &params).await?;
        Ok(())
    }
}
