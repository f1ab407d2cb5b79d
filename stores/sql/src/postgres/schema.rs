use super::{
    checks, events,
    name::{TableName, dollar_quoted},
    triggers,
    versions::Versions,
    watched::Watched,
};
use crate::{InvalidSchema, Watch};

/// The migration that makes PostgreSQL (14 or later) keep versions: a table, a
/// sequence, functions and triggers.
///
/// ```
/// # fn run() -> Result<(), tower_conditional_sql::InvalidSchema> {
/// use tower_conditional_sql::{Watch, postgres::Schema};
///
/// let schema = Schema::new().watch(
///     Watch::table("notes")
///         .each_row("id")
///         .whole_table()
///         .each_group("tenant_id")
///         .slots(8),
/// )?;
/// let migration = schema.sql(); // run it, or give it to a migration tool
/// # let _ = migration;
/// # Ok(())
/// # }
/// # run().unwrap();
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
/// `TRUNCATE` is an error in a transaction that is not `READ COMMITTED`: its
/// snapshot may not see all versions to delete.
///
/// Not seen are writes with triggers switched off: by `ALTER TABLE`, by
/// `session_replication_role = replica`, as `pg_restore --disable-triggers`
/// does, and on the subscriber of a logical replication.
///
/// # Refused tables
///
/// The installation fails if content could change and its tags stay:
///
/// - The table is unlogged or temporary: a crash empties it, and its versions stay.
/// - It is a view, is partitioned or a partition, or has to do with inheritance:
///   the triggers do not see all writes.
/// - The key has no primary key or unique index on it alone.
/// - The key or a group has a type with several texts for one value, or a
///   nondeterministic collation.
/// - The table of versions is unlogged or has row-level security.
/// - Row-level security hides rows from the role that installs.
///
/// # Later changes
///
/// Readers get old tags after a change that the triggers do not see. So run
/// [`sql`](Self::sql) in the transaction that alters or swaps a watched table.
///
/// [`verify_sql`](Self::verify_sql) finds:
///
/// - faults that are refused and came later, such as a partition that was attached;
/// - triggers that are missing, disabled or replaced;
/// - a table that was swapped for another;
/// - columns that were added, dropped, renamed or got another type;
/// - a table that was rewritten, as by `ALTER TABLE .. USING`. `VACUUM FULL` and
///   `CLUSTER` rewrite it too, and look the same.
///
/// It does not find a table that was swapped and swapped back, an enum value that
/// was renamed (`ALTER TYPE .. RENAME VALUE`), an `UPDATE` of the catalog, or a
/// changed view, function or other table that the content depends on.
///
/// # What it costs a writer
///
/// One row per watched row, table and group, and two writers that change the
/// same one wait for each other until the commit; of a table or group only if
/// they chose the same [slot](Watch::slots). So two transactions of several
/// statements can come to deadlock where they would only have waited, and
/// PostgreSQL ends one of them (`40P01`): try it again. A writer needs `SELECT`,
/// `INSERT`, `UPDATE` and `DELETE` on the table of versions, and `USAGE` on the
/// sequence `"conditional_versions/numbers"`.
///
/// # When it runs again
///
/// It may run at every start; of several at once each waits for the other. A
/// table that [`verify_sql`](Self::verify_sql) accepts is left alone. Any other one gets
/// new versions throughout, while its writers wait: it is new, was rebuilt, is
/// watched in another way now, or may have been written without triggers.
///
/// Each installation moves the sequence on by a billion, and flushes that to disk.
/// So numbers are not used again if their commits were lost: in a crash with
/// `synchronous_commit = off`, or by restoring a backup. Run it after either,
/// before the first write.
#[derive(Debug, Clone)]
#[must_use]
pub struct Schema {
    versions: Versions,
    watches: Vec<Watched>,
    events: Vec<TableName>,
    sql: String,
    verify: String,
}

impl Schema {
    /// Creates a schema that watches nothing yet.
    pub fn new() -> Self {
        Self {
            versions: Versions::default(),
            watches: Vec::new(),
            events: Vec::new(),
            sql: String::new(),
            verify: String::new(),
        }
        .written()
        .expect("the default name is one")
    }

    /// Sets the name of the table of versions, which is in the schema `public` unless the
    /// name has another one, as `app.versions` has. Defaults to `conditional_versions`. Give
    /// the same name to [`Statements::versions_table`](super::Statements::versions_table).
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`]; [`InvalidSchema::Twice`] where it is watched.
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.versions = Versions::new(name)?;
        self.written()
    }

    /// Adds a table to watch. It may be called for several tables.
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

    /// Adds a table of events for an `EventLog` of `tower-conditional-postgres`, with the
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

    /// Returns the migration, which is one statement. It may run again and again, inside
    /// a transaction that is `READ COMMITTED` or without one.
    #[must_use]
    pub fn sql(&self) -> String {
        self.sql.clone()
    }

    /// Returns a query that checks that all tables are as they were installed. It
    /// gives a row with a reason (`text`) for each fault, so new content may have old
    /// tags until the schema is installed again. It takes about 2 ms for a table, and
    /// `SELECT` on the table of versions, and fails if the schema was never installed.
    #[must_use]
    pub fn verify_sql(&self) -> String {
        self.verify.clone()
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
        let versions = &self.versions;
        let mut body = format!("DECLARE\n    refused text;\nBEGIN\n{}", versions.install());
        let mut faults = checks::of_versions(versions);
        let watches = self.watches.iter();
        let watches = watches.map(|watch| triggers::install(versions, watch));
        let events = self.events.iter();
        for installed in watches.chain(events.map(|table| events::install(versions, table))) {
            let installed = installed?;
            body += &installed.sql;
            faults.extend(installed.faults);
        }
        body += "END";
        self.sql = format!("DO {};\n", dollar_quoted(&body));
        self.verify = checks::reasons(&faults);
        Ok(self)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}
