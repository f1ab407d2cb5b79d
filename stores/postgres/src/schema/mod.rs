mod error;
mod events;
mod triggers;
pub(crate) mod versions;
mod watch;

use tokio_postgres::Client;

use crate::{
    Error,
    name::{TableName, dollar_quoted},
};

pub use error::InvalidSchema;
use versions::{VERSIONS, Versions};
pub use watch::Watch;
use watch::Watched;

/// The migration that makes PostgreSQL (14 or later) keep versions: a table, a
/// sequence, functions and triggers.
///
/// ```no_run
/// # async fn run(client: &tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use tower_conditional_postgres::{Schema, Watch};
///
/// let schema = Schema::new().watch(
///     Watch::table("notes")
///         .each_row("id")
///         .whole_table()
///         .each("tenant_id")
///         .slots(8),
/// )?;
/// schema.install(client).await?; // or give schema.sql() to a migration tool
/// # Ok(())
/// # }
/// ```
///
/// # What the triggers do
///
/// Each statement that writes to a watched table takes new numbers, inside the
/// transaction that writes, and whoever writes: `psql`, `COPY`, `TRUNCATE` and
/// cascading keys count too. The numbers become the versions of the rows, of
/// the table, and of the rows' groups; of two groups, or two keys, if the write
/// moves a row from one to the other. With a row goes its version, and since no
/// number is used twice, a row that comes back does not get an old one.
///
/// Not seen are writes with triggers switched off: by `ALTER TABLE`, by
/// `session_replication_role = replica`, as `pg_restore --disable-triggers`
/// does, and on the subscriber of a logical replication. Write through the
/// table itself: one that is partitioned or inherits is refused.
///
/// # What it costs a writer
///
/// One row per watched row, table and group, and two writers that change the
/// same one wait for each other until the commit; of a table or group only if
/// they chose the same [slot](Watch::slots). So two transactions of several
/// statements can come to deadlock where they would only have waited, and
/// PostgreSQL ends one of them ([`Error::is_conflict`]): try it again.
/// Roles that write to a watched table need `SELECT`, `INSERT`, `UPDATE` and
/// `DELETE` on the table of versions and `USAGE` on its sequence, which has
/// `/numbers` behind the table's name; roles that read need `SELECT`.
///
/// # When it runs again
///
/// It may run at every start; of several at once each waits for the other. What
/// is installed as it should be is left alone. A table whose triggers are
/// missing or other than they should be, because it is new, was rebuilt, or is
/// watched in another way now, gets new versions throughout, with all writers
/// to it held off meanwhile: nobody knows what was written before.
///
/// A backup that is restored takes the sequence back. Afterwards move it past
/// all that was given out since, by a `setval` that adds a billion.
#[derive(Debug, Clone)]
#[must_use]
pub struct Schema {
    versions: Versions,
    watches: Vec<Watched>,
    events: Vec<TableName>,
    sql: String,
}

impl Schema {
    /// A schema that watches nothing yet.
    pub fn new() -> Self {
        Self {
            versions: default_versions(),
            watches: Vec::new(),
            events: Vec::new(),
            sql: String::new(),
        }
        .written()
        .expect("the default name is one")
    }

    /// Another name for the table of versions, `conditional_versions` by
    /// default, in the schema `public` unless it is as in `app.versions`. The
    /// sources have to be told too.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`]; [`InvalidSchema::Twice`] where it is watched.
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.versions = Versions::new(name)?;
        self.written()
    }

    /// Keeps versions of a table. A watch may be chained after another.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`] and [`InvalidSchema::Twice`] for the names in
    /// it, [`InvalidSchema::Nothing`] where it watches nothing, and
    /// [`InvalidSchema::Slots`].
    pub fn watch(mut self, watch: Watch) -> Result<Self, InvalidSchema> {
        self.watches.push(watch.try_into()?);
        self.written()
    }

    /// Makes a table of events for an [`EventLog`](crate::EventLog), with the
    /// columns `id` (bigint, given out here) and `event` (text), unless there
    /// is one of this name; then it needs an `id bigint` with an index.
    ///
    /// Events are appended and stay: triggers refuse to change or remove one.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`] and [`InvalidSchema::Twice`].
    pub fn events(mut self, table: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.events.push(TableName::new(table)?);
        self.written()
    }

    /// One statement, for a migration tool. It may run again and again, inside
    /// a transaction that is `READ COMMITTED` or without one.
    #[must_use]
    pub fn sql(&self) -> String {
        self.sql.clone()
    }

    /// Runs the statement.
    ///
    /// # Errors
    ///
    /// What PostgreSQL says; a table to be watched must be there, with columns
    /// of types whose text is the same in each session.
    pub async fn install(&self, client: &Client) -> Result<(), Error> {
        Ok(client.batch_execute(&self.sql).await?)
    }

    /// Writes the statement, and so finds out whether all names are good.
    fn written(mut self) -> Result<Self, InvalidSchema> {
        let mut tables = vec![&self.versions.table];
        tables.extend(self.watches.iter().map(|watch| &watch.table));
        tables.extend(&self.events);
        for (at, table) in tables.iter().enumerate() {
            if tables[..at].iter().any(|earlier| earlier.is(table)) {
                return Err(InvalidSchema::Twice(table.as_str().to_owned()));
            }
        }
        let mut body = String::from("BEGIN\n");
        body += &self.versions.install();
        for watch in &self.watches {
            body += &triggers::install(&self.versions, watch)?;
        }
        for table in &self.events {
            body += &events::install(&self.versions, table)?;
        }
        body += "END";
        self.sql = format!("DO {};\n", dollar_quoted(&body));
        Ok(self)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}

pub(crate) fn default_versions() -> Versions {
    Versions::new(VERSIONS).expect("a name")
}
