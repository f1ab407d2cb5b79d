#[cfg(test)]
mod tests;

use std::future::Future;

use rusqlite::Connection;

use crate::{Database, Error, ErrorKind, Schema};

/// A trait to install and verify a [`Schema`].
pub trait Install {
    /// Runs [`Schema::sql`] in one transaction.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Database::run`], and [`ErrorKind::Refused`] if a table
    /// cannot be watched; see [`Schema`](Schema#refused-tables).
    fn install(&self, database: &Database) -> impl Future<Output = Result<(), Error>> + Send;

    /// Checks that all tables are as they were installed. Call it at each start.
    ///
    /// It reads the schema and a few versions.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Changed`] if a table [changed](Schema#later-changes). New content may
    ///   then have old tags until the schema is installed again. The text names each table
    ///   and the reason.
    /// - The errors of [`Database::run`]. [`ErrorKind::Database`] also means that the
    ///   schema was never installed.
    fn verify(&self, database: &Database) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Install for Schema {
    async fn install(&self, database: &Database) -> Result<(), Error> {
        let schema = self.clone();
        let installed = database.submit(move |connection| -> Result<(), Error> {
            let transaction = connection.transaction()?;
            let refused = faults(&transaction, &schema, &schema.refused_sql())?;
            Error::if_any(ErrorKind::Refused, &refused)?;
            transaction.execute_batch(&schema.sql())?;
            Ok(transaction.commit()?)
        });
        installed.await
    }

    async fn verify(&self, database: &Database) -> Result<(), Error> {
        let schema = self.clone();
        let verified = database.submit(move |connection| -> Result<(), Error> {
            let changed = faults(connection, &schema, &schema.verify_sql())?;
            Error::if_any(ErrorKind::Changed, &changed)
        });
        verified.await
    }
}

/// Returns the reasons of the faults that the query finds, and of the collations, which
/// only the driver knows.
fn faults(connection: &Connection, schema: &Schema, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let reasons = statement.query_map((), |row| row.get(0))?;
    let mut reasons = reasons.collect::<Result<Vec<String>, _>>()?;
    for (table, column) in schema.columns() {
        // The query reports a missing column.
        let metadata = connection.column_metadata(Some("main"), table, column);
        if let Ok((_, Some(collation), ..)) = metadata
            && collation != c"BINARY"
        {
            reasons.push(format!(
                "column {column:?} of table {table:?} has a collation for which different texts are equal"
            ));
        }
    }
    Ok(reasons)
}
