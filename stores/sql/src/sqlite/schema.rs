use super::{
    checks::{self, SqliteFault},
    events,
    name::SqliteIdentifier,
    triggers,
    watch::{SqliteWatch, check_unique},
};
use crate::{InvalidSchema, Watch};

/// The default name of the table of versions.
const VERSIONS: &str = "conditional_versions";
/// The step by which an installation advances the counter if the clock is behind it.
pub(super) const STEP: i64 = 1_000_000;
/// SQL for the time in microseconds since 1970.
///
/// It is beyond the numbers of commits that were lost and of databases that were deleted.
/// Each began at an earlier time, and no writer takes a million numbers per second.
const NOW: &str = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)";

/// The migration for versions in SQLite (3.37 or later): tables and triggers.
///
/// ```
/// # fn run() -> Result<(), tower_conditional_sql::InvalidSchema> {
/// use tower_conditional_sql::{Watch, sqlite::Schema};
///
/// let schema = Schema::new().watch(
///     Watch::table("notes")
///         .each_row("id")
///         .whole_table()
///         .each_group("tenant_id"),
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
/// Each write to a watched table takes a new number, in the transaction that writes.
/// Every writer counts: `sqlite3` on the command line too. The number becomes the version
/// of the row, of the table, and of the row's group. If a write moves the row from one
/// group or key to another, both get the new version.
///
/// If a row is deleted, its version is deleted too. Numbers are never used again, so a
/// row that is inserted again does not get an old version.
///
/// SQLite has no triggers per statement, so a statement that writes a thousand rows takes
/// a thousand numbers. SQLite has one writer at a time, so writers never wait for a
/// version, and slots have no effect.
///
/// # Refused tables
///
/// A table is refused if its content could change while its tags stay:
///
/// - The table is a view or virtual: the triggers do not see all writes.
/// - The key has no primary key or unique index on it alone.
/// - The key or a group has a collation other than `BINARY`, such as `NOCASE`, for
///   which different texts are equal.
/// - The key or a group is a column of real numbers, such as `REAL` or `DOUBLE`:
///   `17` and `17.0` are equal.
/// - A table of [events](Self::events) has no `id INTEGER PRIMARY KEY AUTOINCREMENT`.
///
/// [`sql`](Self::sql) does not check that, but [`refused_sql`](Self::refused_sql)
/// does. If a migration tool runs [`sql`](Self::sql), verify the schema afterwards.
///
/// # Later changes
///
/// [`verify_sql`](Self::verify_sql) finds:
///
/// - faults of refused tables that came later;
/// - triggers that are missing or of another schema;
/// - versions that were deleted;
/// - a table that was swapped for another, or has other columns.
///
/// It does not find a table that was swapped and swapped back, or a change by
/// `PRAGMA writable_schema`. It does not find a changed view or other table that the
/// content depends on.
///
/// # Repeated installation
///
/// The migration may run at every start. A table that [`verify_sql`](Self::verify_sql)
/// accepts is left alone. All other tables get new versions throughout. Such a table is
/// new, was rebuilt, is watched in another way now, or may have been written without
/// triggers.
///
/// Each installation advances the counter to the microseconds since 1970, or by a million
/// if the clock is behind the counter. So no number is used again:
///
/// - if its commit was lost in a power failure, with `PRAGMA synchronous` below `FULL`;
/// - if a backup is restored;
/// - if the file is deleted and created again.
///
/// After each of these, run the migration before the first write. The clock must not be
/// behind the last installation or write whose numbers were lost. In 2255, numbers
/// reach 2^53, beyond which JavaScript rounds them.
///
/// # Other connections
///
/// `REPLACE` removes the rows that conflict. SQLite fires the delete trigger for them only
/// if the connection has `PRAGMA recursive_triggers = ON`. A `Database` of
/// `tower-conditional-sqlite` has it.
///
/// Any other connection that uses `REPLACE` (or `INSERT OR REPLACE`, or `UPDATE OR
/// REPLACE`) on a watched table or a log of events must set this pragma. Writes of a
/// connection without triggers (`SQLITE_DBCONFIG_ENABLE_TRIGGER`) change no version.
#[derive(Debug, Clone)]
#[must_use]
pub struct Schema {
    versions: SqliteIdentifier,
    watches: Vec<SqliteWatch>,
    events: Vec<SqliteIdentifier>,
}

impl Schema {
    /// Creates a schema that watches nothing yet.
    pub fn new() -> Self {
        Self {
            versions: default_versions(),
            watches: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Sets the name of the table of versions. Defaults to `conditional_versions`.
    ///
    /// The table of the counter has the same name with `_counter` appended. Pass the same
    /// name to [`Statements::versions_table`](super::Statements::versions_table).
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name, and
    /// [`InvalidSchema::DuplicateName`] if the table is watched.
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.versions = SqliteIdentifier::new(name)?;
        self.check_tables()
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
        self.check_tables()
    }

    /// Adds a table of events for an `EventLog` of `tower-conditional-sqlite`.
    ///
    /// If no table has this name, it is created with the columns `id` (integer, assigned
    /// by SQLite) and `event` (text). Each [installation](#repeated-installation) advances the
    /// numbers that SQLite assigns.
    ///
    /// An existing table needs an `id INTEGER PRIMARY KEY AUTOINCREMENT`. Without it,
    /// [`refused_sql`](Self::refused_sql) and [`verify_sql`](Self::verify_sql) return a reason.
    /// If no table of the database has `AUTOINCREMENT`, [`sql`](Self::sql) fails with
    /// `no such table: sqlite_sequence`. SQLite cannot add it, so copy the events:
    ///
    /// ```sql
    /// ALTER TABLE log RENAME TO log_before;
    /// CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;
    /// INSERT INTO log (id, event) SELECT id, event FROM log_before ORDER BY id;
    /// DROP TABLE log_before;
    /// ```
    ///
    /// The check searches the declaration for the word, so no comment there may have it.
    ///
    /// Events can only be appended: triggers refuse to change or remove them, and to
    /// insert one with an `id` below that of another.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] or [`InvalidSchema::DuplicateName`].
    pub fn events(mut self, table: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.events.push(SqliteIdentifier::new(table)?);
        self.check_tables()
    }

    /// Returns the migration, which is several statements. They may run repeatedly.
    ///
    /// They take effect together, in a transaction or without one.
    #[must_use]
    pub fn sql(&self) -> String {
        let versions = &self.versions;
        let counter = counter(versions);
        let mut sql = format!(
            "SAVEPOINT {versions};
CREATE TABLE IF NOT EXISTS {versions} (
    scope TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS {counter} (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO {counter} VALUES (1, 0) ON CONFLICT DO NOTHING;
UPDATE {counter} SET last = CASE WHEN last < {NOW} THEN {NOW} ELSE last + {STEP} END;
"
        );
        for watch in &self.watches {
            sql += &triggers::install(versions, watch);
        }
        for table in &self.events {
            sql += &events::install(table, &counter);
        }
        sql + &format!("RELEASE {versions};\n")
    }

    /// Returns a query that checks that the tables can be watched. Run it before
    /// [`sql`](Self::sql), in the same transaction.
    ///
    /// Its result has a row with a reason (text) for each fault. It does not see the
    /// collation of the [`columns`](Self::columns), which only the function
    /// `sqlite3_table_column_metadata` returns.
    #[must_use]
    pub fn refused_sql(&self) -> String {
        checks::reasons_query(&self.faults())
    }

    /// Returns a query that checks that all tables are as they were installed.
    ///
    /// Its result has a row with a reason (text) for each fault. With a fault, new content
    /// may have old tags until the schema is installed again. The query includes
    /// [`refused_sql`](Self::refused_sql), and fails if the schema was never installed.
    #[must_use]
    pub fn verify_sql(&self) -> String {
        let mut faults = self.faults();
        let watches = self.watches.iter();
        let watches =
            watches.map(|watch| (&watch.table, triggers::are_installed(&self.versions, watch)));
        let events = self.events.iter();
        let events = events.map(|table| (table, events::are_installed(table)));
        for (table, are_installed) in watches.chain(events) {
            faults.push(SqliteFault::new(
                format!("NOT ({are_installed})"),
                format!(
                    "table {:?} was altered, swapped, or written without its triggers: install it again",
                    table.as_str()
                ),
            ));
        }
        checks::reasons_query(&faults)
    }

    /// Returns the tables and columns whose values are in scopes. Their collation must be
    /// `BINARY`.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.watches.iter().flat_map(|watch| {
            let columns = watch.key.iter().chain(&watch.groups);
            columns.map(|column| (watch.table.as_str(), column.as_str()))
        })
    }

    fn faults(&self) -> Vec<SqliteFault> {
        let watches = self.watches.iter().flat_map(checks::watch_faults);
        let events = self.events.iter().map(checks::events_fault);
        watches.chain(events).collect()
    }

    /// Checks that no table is used twice.
    fn check_tables(self) -> Result<Self, InvalidSchema> {
        let counter = counter(&self.versions);
        let mut tables = vec![&self.versions, &counter];
        tables.extend(self.watches.iter().map(|watch| &watch.table));
        tables.extend(&self.events);
        check_unique(&tables)?;
        Ok(self)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn default_versions() -> SqliteIdentifier {
    SqliteIdentifier::new(VERSIONS).expect("a name")
}

/// Returns the name of the table of the counter.
pub(super) fn counter(versions: &SqliteIdentifier) -> SqliteIdentifier {
    versions.with_suffix("_counter")
}
