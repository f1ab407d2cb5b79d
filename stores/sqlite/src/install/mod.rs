#[cfg(test)]
mod tests;

use std::future::Future;

use rusqlite::Connection;

use crate::{Database, Error, ErrorKind, Schema};

/// Installs and verifies a [`Schema`].
pub trait Install {
    /// Runs [`Schema::sql`] in one transaction.
    ///
    /// # Errors
    ///
    /// Those of [`Database::run`], and [`ErrorKind::Refused`] if a table cannot be
    /// watched; see [`Schema`](Schema#refused-tables).
    fn install(&self, database: &Database) -> impl Future<Output = Result<(), Error>> + Send;

    /// Checks that all tables are as they were installed. It reads the schema and a
    /// few versions. Call it at each start.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Changed`]: a table [changed](Schema#later-changes), and new
    ///   content may have old tags until the schema is installed again. The `source()`
    ///   names each table and the reason.
    /// - Those of [`Database::run`]; [`ErrorKind::Database`] also if the schema was
    ///   never installed.
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

/// The reasons that the query gives, and those that only the driver can tell.
fn faults(connection: &Connection, schema: &Schema, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let reasons = statement.query_map((), |row| row.get(0))?;
    let mut reasons = reasons.collect::<Result<Vec<String>, _>>()?;
    for (table, column) in schema.columns() {
        // The query reports a column that is not there.
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
