use super::{
    checks, events,
    name::{TableName, dollar_quoted},
    triggers,
    versions::Versions,
    watch::PostgresWatch,
};
use crate::{InvalidSchema, Watch};

/// The migration for versions in PostgreSQL (14 or later): a table, a sequence,
/// functions and triggers.
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
/// # How it works
///
/// Each statement that writes to a watched table takes new numbers, in the transaction
/// that writes. Every writer counts: `psql`, `COPY`, `TRUNCATE` and cascading keys too.
/// The numbers become the versions of the rows, of the table, and of the rows' groups.
/// If a write moves a row from one group or key to another, both get new versions.
///
/// If a row is deleted, its version is deleted too. No number is used twice, so a row
/// that is inserted again does not get an old version.
///
/// `TRUNCATE` is an error in a transaction that is not `READ COMMITTED`: its
/// snapshot may not see all versions to delete.
///
/// The triggers do not see writes with triggers switched off: by `ALTER TABLE`, by
/// `session_replication_role = replica`, as in `pg_restore --disable-triggers`, and on
/// the subscriber of a logical replication.
///
/// # Refused tables
///
/// The installation fails if content could change while its tags stay:
///
/// - The table is unlogged or temporary: a crash empties it, and its versions stay.
/// - The table is a view, partitioned or a partition, or takes part in inheritance: the
///   triggers do not see all writes.
/// - The key has no primary key or unique index on it alone.
/// - The key or a group has a type with several texts for one value, or a
///   nondeterministic collation.
/// - The table of versions is unlogged or has row-level security.
/// - Row-level security hides rows from the role that installs.
///
/// # Later changes
///
/// After a change that the triggers do not see, readers get old tags. So run
/// [`sql`](Self::sql) in the transaction that alters or swaps a watched table.
///
/// [`verify_sql`](Self::verify_sql) finds:
///
/// - faults of refused tables that came later, such as a partition that was attached;
/// - triggers that are missing, disabled or replaced;
/// - a table that was swapped for another;
/// - columns that were added, dropped, renamed or got another type;
/// - a table that was rewritten, for example by `ALTER TABLE .. USING`. `VACUUM FULL`
///   and `CLUSTER` rewrite it too, and are reported in the same way.
///
/// It does not find:
///
/// - a table that was swapped and swapped back;
/// - an enum value that was renamed (`ALTER TYPE .. RENAME VALUE`);
/// - an `UPDATE` of the catalog;
/// - a changed view, function or other table that the content depends on.
///
/// # Cost of a write
///
/// A write changes one row per watched row, table and group. Two writers that change
/// the same row wait for each other until the commit. For a table or group they wait
/// only if they have the same [slot](Watch::slots).
///
/// So two transactions of several statements can deadlock where they would only have
/// waited. PostgreSQL ends one of them (`40P01`): try it again.
///
/// A writer needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table of versions,
/// and `USAGE` on the sequence `"conditional_versions/numbers"`.
///
/// # Repeated installation
///
/// The migration may run at every start. Several installations at once wait for each
/// other. A table that [`verify_sql`](Self::verify_sql) accepts is left alone.
///
/// All other tables get new versions throughout, while their writers wait. Such a table
/// is new, was rebuilt, is watched in another way now, or may have been written without
/// triggers.
///
/// Each installation advances the sequence to the microseconds since 1970, or by a million
/// if the clock is behind the sequence. It flushes that to disk. So no number is used again:
///
/// - if its commit was lost in a crash, with `synchronous_commit = off`;
/// - if it was lost in a fail-over to a replica that lags;
/// - if a backup is restored;
/// - if the table and its sequence are dropped, or the database is created again.
///
/// After each of these, run the migration before the first write. The clock must not be
/// behind the last installation or write whose numbers were lost. In 2255, numbers
/// reach 2^53, beyond which JavaScript rounds them.
#[derive(Debug, Clone)]
#[must_use]
pub struct Schema {
    versions: Versions,
    watches: Vec<PostgresWatch>,
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
        .rebuild()
        .expect("the default name is one")
    }

    /// Sets the name of the table of versions. Defaults to `conditional_versions`.
    ///
    /// The table is in the schema `public` unless the name has another schema, as in
    /// `app.versions`. Pass the same name to
    /// [`Statements::versions_table`](super::Statements::versions_table).
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name, and
    /// [`InvalidSchema::DuplicateName`] if the table is watched.
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.versions = Versions::new(name)?;
        self.rebuild()
    }

    /// Adds a table to watch. Call it once for each table.
    ///
    /// # Errors
    ///
    /// - [`InvalidSchema::Name`] or [`InvalidSchema::DuplicateName`] for a name in it.
    /// - [`InvalidSchema::NothingWatched`] if it watches nothing.
    /// - [`InvalidSchema::Slots`] for an invalid number of slots.
    pub fn watch(mut self, watch: Watch) -> Result<Self, InvalidSchema> {
        self.watches.push(watch.try_into()?);
        self.rebuild()
    }

    /// Adds a table of events for an `EventLog` of `tower-conditional-postgres`.
    ///
    /// If no table has this name, it is created with the columns `id` (bigint, assigned by
    /// a trigger) and `event` (text). An existing table needs an `id bigint` with an index.
    ///
    /// Events can only be appended: triggers refuse to change or remove them.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] or [`InvalidSchema::DuplicateName`].
    pub fn events(mut self, table: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.events.push(TableName::new(table)?);
        self.rebuild()
    }

    /// Returns the migration, which is one statement. It may run repeatedly, in a
    /// `READ COMMITTED` transaction or without one. If `default_transaction_isolation` is
    /// another level, it needs the transaction.
    #[must_use]
    pub fn sql(&self) -> String {
        self.sql.clone()
    }

    /// Returns a query that checks that all tables are as they were installed.
    ///
    /// Its result has a row with a reason (`text`) for each fault. With a fault, new
    /// content may have old tags until the schema is installed again.
    ///
    /// The query takes about 2 ms for a table and needs `SELECT` on the table of versions.
    /// It fails if the schema was never installed.
    #[must_use]
    pub fn verify_sql(&self) -> String {
        self.verify.clone()
    }

    /// Builds the SQL again, which also checks all names.
    fn rebuild(mut self) -> Result<Self, InvalidSchema> {
        let mut tables = vec![&self.versions.table];
        tables.extend(self.watches.iter().map(|watch| &watch.table));
        tables.extend(&self.events);
        for (at, table) in tables.iter().enumerate() {
            if tables[..at].iter().any(|earlier| earlier.is(table)) {
                return Err(InvalidSchema::DuplicateName(table.as_str().to_owned()));
            }
        }
        let versions = &self.versions;
        let mut body = format!("DECLARE\n    refused text;\nBEGIN\n{}", versions.install());
        let mut faults = checks::version_table_faults(versions);
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
        self.verify = checks::reasons_query(&faults);
        Ok(self)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}
