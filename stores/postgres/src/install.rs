use std::future::Future;

use tokio_postgres::Client;

use crate::{Error, ErrorKind, Schema};

/// A trait to install and verify a [`Schema`].
pub trait Install {
    /// Runs [`Schema::sql`], in a `READ COMMITTED` transaction.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Refused`] if a table cannot be watched; see
    ///   [`Schema`](Schema#refused-tables).
    /// - [`ErrorKind::Database`] if PostgreSQL fails.
    fn install(&self, client: &Client) -> impl Future<Output = Result<(), Error>> + Send;

    /// Checks that all tables are as they were installed. Call it at each start.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Changed`] if a table [changed](Schema#later-changes). New content may
    ///   then have old tags until the schema is installed again. The text names each table
    ///   and the reason.
    /// - [`ErrorKind::Database`] if PostgreSQL fails or the schema was never installed.
    fn verify(&self, client: &Client) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Install for Schema {
    async fn install(&self, client: &Client) -> Result<(), Error> {
        // Another level may be the default of the database. It must be the first statement.
        let sql = format!(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\n{}",
            self.sql()
        );
        let installed = client.batch_execute(&sql).await;
        installed.map_err(Error::from_install)
    }

    async fn verify(&self, client: &Client) -> Result<(), Error> {
        let mut reasons: Vec<String> = Vec::new();
        for row in client.query_typed(&self.verify_sql(), &[]).await? {
            reasons.push(row.try_get(0)?);
        }
        if reasons.is_empty() {
            return Ok(());
        }
        Err(Error::with_reason(ErrorKind::Changed, reasons.join("; ")))
    }
}
