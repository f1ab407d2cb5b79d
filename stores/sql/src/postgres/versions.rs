//! The SQL for the table of versions and for the functions of the triggers.

use super::{
    checks,
    name::{TableName, dollar_quoted, literal},
};
use crate::{InvalidSchema, scope::escaped};

/// The default name of the table of versions.
const VERSIONS: &str = "conditional_versions";
/// The slot of the row that marks a kind of scope as watched.
pub(crate) const WATCHED: i32 = -1;
/// The slot of the row with the [code](super::spelling::CODE) of the column's type.
pub(crate) const SPELLING: i32 = -2;
/// The step by which an installation advances the sequence if the clock is behind it.
const STEP: i64 = 1_000_000;
/// SQL for the time in microseconds since 1970.
///
/// It is beyond the numbers of commits that were lost and of tables that were dropped. Each
/// began at an earlier time, and writers take less than a million numbers per second.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
/// The number of locks that the groups of one table share. A statement that writes many
/// groups holds no more locks than these.
pub(crate) const BUCKETS: u8 = 64;

/// The names of the table of versions, its sequence and its functions.
#[derive(Debug, Clone)]
pub(crate) struct Versions {
    pub(crate) table: TableName,
    pub(super) numbers: TableName,
    /// The function `part(text)`, which escapes a value like `escaped`.
    pub(super) part: TableName,
    /// The function `bump(watched, scopes, slots)`, which writes new versions, each in one
    /// slot.
    pub(super) bump: TableName,
}

/// Returns the entry with the [fingerprint](checks::fingerprint) of a table at its
/// installation. No [`Scope`](crate::Scope) has this text.
pub(super) fn fingerprint_entry(table: &str) -> String {
    format!("fingerprint/{}", escaped(table))
}

impl Default for Versions {
    fn default() -> Self {
        Self::new(VERSIONS).expect("a name")
    }
}

impl Versions {
    pub(crate) fn new(table: impl Into<String>) -> Result<Self, InvalidSchema> {
        let table = TableName::new(table)?;
        Ok(Self {
            numbers: table.with_suffix("/numbers")?,
            part: table.with_suffix("/part")?,
            bump: table.with_suffix("/bump")?,
            table,
        })
    }

    /// Returns SQL for the next number, which no version has ever had.
    pub(crate) fn next(&self) -> String {
        format!("nextval({})", literal(&self.numbers.to_string()))
    }

    /// Returns SQL that creates the table, the sequence and the functions.
    pub(super) fn install(&self) -> String {
        let (table, numbers, next) = (&self.table, &self.numbers, self.next());
        let (part, bump) = (&self.part, &self.bump);
        let part_body = dollar_quoted(r"SELECT replace(replace($1, '%', '%25'), '/', '%2F')");
        let bump_body = dollar_quoted(&format!(
            "BEGIN
    IF watched IS NOT NULL THEN
        -- Writers share it; a guarded transaction holds it alone.
        PERFORM pg_advisory_xact_lock_shared(key) FROM (
            SELECT DISTINCT hashtextextended(watched, hashtextextended(changed, 0) & {last}) AS key
            FROM unnest(scopes) AS changed WHERE changed IS NOT NULL ORDER BY 1
        ) AS locks;
    END IF;
    INSERT INTO {table} (scope, slot, version)
    SELECT changed, pg_backend_pid() % slots, {next}
    FROM (SELECT DISTINCT unnest(scopes) AS changed ORDER BY 1) AS distinct_scopes
    WHERE changed IS NOT NULL
    ON CONFLICT (scope, slot) DO UPDATE SET version = {next};
END",
            last = BUCKETS - 1,
        ));
        let lock = literal(&format!("install/{}", self.table.as_str()));
        format!(
            "IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the versions are to be installed in a transaction that is READ COMMITTED';
END IF;
PERFORM pg_advisory_xact_lock(hashtextextended({lock}, 0));
IF to_regclass({quoted}) IS NULL THEN
    CREATE TABLE {table} (
        scope text COLLATE \"C\" NOT NULL,
        slot integer NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (scope, slot)
    );
    -- It stays if the table is dropped.
    CREATE SEQUENCE IF NOT EXISTS {numbers};
END IF;
{refuse}-- The next crash must not undo this step, even if it undoes commits.
PERFORM set_config('synchronous_commit', 'local', true)
    WHERE current_setting('synchronous_commit') = 'off';
PERFORM setval({number}, CASE WHEN last < now THEN now ELSE last + {STEP} END)
    FROM (SELECT {next} AS last, {NOW} AS now) AS numbers;
CREATE OR REPLACE FUNCTION {part}(text) RETURNS text
    LANGUAGE sql IMMUTABLE AS {part_body};
CREATE OR REPLACE FUNCTION {bump}(watched text, scopes text[], slots integer) RETURNS void
    LANGUAGE plpgsql AS {bump_body};
",
            quoted = literal(&table.to_string()),
            number = literal(&numbers.to_string()),
            refuse = checks::raise_if_found(&checks::version_table_faults(self)),
        )
    }
}
