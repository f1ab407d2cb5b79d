use super::{
    checks::{self, SqliteFault},
    events,
    name::SqliteIdentifier,
    triggers,
    watch::{SqliteWatch, check_unique},
};
use crate::{InvalidSchema, Watch};

/// The table of versions unless it is given another name.
const VERSIONS: &str = "conditional_versions";
/// The step by which an installation moves the numbers: past all numbers of commits
/// that were lost, or that are missing in a restored backup.
const BEYOND_LOST: i64 = 1_000_000_000;

/// The migration that makes SQLite keep versions: its tables and triggers.
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
/// # What the triggers do
///
/// Each write to a watched table takes a new number, inside the transaction
/// that writes, and whoever writes: `sqlite3` on the command line counts too.
/// The number becomes the version of the row, of the table, and of the row's
/// group; of two groups, or two keys, if the write moves it from one to the
/// other. With a row goes its version, and since numbers are never used again,
/// a row that comes back does not get an old one.
///
/// SQLite has no triggers per statement, so a statement that writes a thousand
/// rows takes a thousand numbers. It has one writer at a time, so a version in
/// one row makes nobody wait who would not wait anyway, and slots change nothing.
///
/// # Refused tables
///
/// A table is refused if its content could change and its tags stay:
///
/// - The table is a view or virtual: the triggers do not see all writes.
/// - The key has no primary key or unique index on it alone.
/// - The key or a group has a collation other than `BINARY`, such as `NOCASE`, for
///   which different texts are equal.
/// - The key or a group is a column of real numbers, such as `REAL` or `DOUBLE`:
///   `17` and `17.0` are equal.
///
/// [`sql`](Self::sql) does not check that, but [`refused_sql`](Self::refused_sql)
/// does. If a migration tool has run the former, verify it afterwards.
///
/// # Later changes
///
/// [`verify_sql`](Self::verify_sql) finds faults that are refused and came later, triggers
/// that are missing or of another schema, versions that were deleted, a table that
/// was swapped for another, and other columns. It does not find a table that was
/// swapped and swapped back, a change by `PRAGMA writable_schema`, or a changed
/// view or other table that the content depends on.
///
/// # When it runs again
///
/// It may run at every start. A table that [`verify_sql`](Self::verify_sql) accepts is left
/// alone. Any other one gets new versions throughout: it is new, was rebuilt, is
/// watched in another way now, or may have been written without triggers.
///
/// Each installation moves the counter on by a billion. So numbers are not used
/// again if their commits were lost: in a power failure with `PRAGMA synchronous`
/// below `FULL`, or by restoring a backup. Run it after either, before the first
/// write.
///
/// # Other connections
///
/// `REPLACE` removes the rows that are in its way, and SQLite fires no delete
/// trigger for them unless the connection has `PRAGMA recursive_triggers = ON`, as
/// that of a `Database` of `tower-conditional-sqlite` has.
/// A connection that uses `REPLACE` (or `INSERT OR REPLACE`, or `UPDATE OR
/// REPLACE`) on a watched table or a log of events must set it. Writes of a
/// connection without triggers (`SQLITE_DBCONFIG_ENABLE_TRIGGER`) change no
/// version.
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

    /// Sets the name of the table of versions. Defaults to `conditional_versions`. The table
    /// of the counter has the same name with `_counter` behind it. Give the same name to
    /// [`Statements::versions_table`](super::Statements::versions_table).
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`]; [`InvalidSchema::DuplicateName`] where it is watched.
    pub fn versions_table(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.versions = SqliteIdentifier::new(name)?;
        self.check_tables()
    }

    /// Adds a table to watch. It may be called for several tables.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`] and [`InvalidSchema::DuplicateName`] for the names in
    /// it, [`InvalidSchema::NothingWatched`] where it watches nothing, and
    /// [`InvalidSchema::Slots`].
    pub fn watch(mut self, watch: Watch) -> Result<Self, InvalidSchema> {
        self.watches.push(watch.try_into()?);
        self.check_tables()
    }

    /// Adds a table of events for an `EventLog` of `tower-conditional-sqlite`, with the
    /// columns `id` (integer, given out by SQLite) and `event` (text), unless
    /// there is one of this name; then it needs an `id INTEGER PRIMARY KEY`.
    ///
    /// Events are appended and stay: triggers refuse to change or remove one,
    /// and to give it an `id` below that of another.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`] and [`InvalidSchema::DuplicateName`].
    pub fn events(mut self, table: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.events.push(SqliteIdentifier::new(table)?);
        self.check_tables()
    }

    /// Returns the migration, which is several statements. They may run again and again.
    ///
    /// They take effect together, inside a transaction or without one.
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
UPDATE {counter} SET last = last + {BEYOND_LOST};
"
        );
        for watch in &self.watches {
            sql += &triggers::install(versions, watch);
        }
        for table in &self.events {
            sql += &events::install(table);
        }
        sql + &format!("RELEASE {versions};\n")
    }

    /// Returns a query that checks whether the tables can be watched. Run it before
    /// [`sql`](Self::sql), in the same transaction. It gives a row with a reason (text)
    /// for each fault.
    ///
    /// It does not see the collation of the [`columns`](Self::columns), which no query
    /// can tell; `sqlite3_table_column_metadata` does.
    #[must_use]
    pub fn refused_sql(&self) -> String {
        checks::reasons_query(&self.faults())
    }

    /// Returns a query that checks that all tables are as they were installed. It
    /// gives a row with a reason (text) for each fault, so new content may have old
    /// tags until the schema is installed again. It includes
    /// [`refused_sql`](Self::refused_sql), and fails if the schema was never installed.
    #[must_use]
    pub fn verify_sql(&self) -> String {
        let mut faults = self.faults();
        let watches = self.watches.iter();
        let watches =
            watches.map(|watch| (&watch.table, triggers::are_kept(&self.versions, watch)));
        let events = self.events.iter();
        let events = events.map(|table| (table, events::are_kept(table)));
        for (table, are_kept) in watches.chain(events) {
            faults.push(SqliteFault::new(
                format!("NOT ({are_kept})"),
                format!(
                    "table {:?} was altered, swapped, or written without its triggers: install it again",
                    table.as_str()
                ),
            ));
        }
        checks::reasons_query(&faults)
    }

    /// Returns the tables and columns whose values are in scopes. Their collation has
    /// to be `BINARY`.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.watches.iter().flat_map(|watch| {
            let columns = watch.key.iter().chain(&watch.groups);
            columns.map(|column| (watch.table.as_str(), column.as_str()))
        })
    }

    fn faults(&self) -> Vec<SqliteFault> {
        self.watches.iter().flat_map(checks::watch_faults).collect()
    }

    /// No table has two roles.
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

pub(super) fn counter(versions: &SqliteIdentifier) -> SqliteIdentifier {
    versions.with("_counter")
}
