//! Faults of a table with which its content could change while its tags stay.

use super::{
    name::{PostgresIdentifier, TableName, literal},
    spelling::TYPES,
    versions::{Versions, WATCHED, fingerprint_entry},
    watch::PostgresWatch,
};

/// A condition in SQL that must not hold, and the reason to report if it does.
#[derive(Debug, Clone)]
pub(super) struct PostgresFault {
    /// The condition.
    found: String,
    reason: String,
}

impl PostgresFault {
    fn new(found: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            found: found.into(),
            reason: reason.into(),
        }
    }
}

/// Returns a query for the reasons of all faults that are found.
pub(super) fn reasons_query(faults: &[PostgresFault]) -> String {
    let faults = faults.iter();
    let each =
        faults.map(|PostgresFault { found, reason }| format!("({found}, {})", literal(reason)));
    format!(
        "SELECT reason FROM (VALUES\n    {}\n) AS faults (is_so, reason) WHERE is_so",
        each.collect::<Vec<_>>().join(",\n    ")
    )
}

/// Returns SQL that raises an exception with the reasons of all faults that are found.
pub(super) fn raise_if_found(faults: &[PostgresFault]) -> String {
    format!(
        "SELECT string_agg(reason, '; ') INTO refused FROM ({}) AS faults;
IF refused IS NOT NULL THEN
    RAISE EXCEPTION '%', refused USING ERRCODE = 'object_not_in_prerequisite_state';
END IF;
",
        reasons_query(faults)
    )
}

/// Returns SQL that is true if a fault is found.
pub(super) fn any_found(faults: &[PostgresFault]) -> String {
    let found = faults.iter().map(|fault| format!("({})", fault.found));
    found.collect::<Vec<_>>().join("\n    OR ")
}

/// Returns SQL for the `regclass` of a table, which is `NULL` if there is no such table.
pub(super) fn regclass(table: &TableName) -> String {
    format!("to_regclass({})", literal(&table.to_string()))
}

/// Returns the faults of the table of versions, once it exists.
pub(super) fn version_table_faults(versions: &Versions) -> Vec<PostgresFault> {
    let (table, numbers) = (regclass(&versions.table), regclass(&versions.numbers));
    let name = versions.table.as_str();
    vec![
        PostgresFault::new(
            format!(
                "EXISTS (SELECT FROM pg_class WHERE oid IN ({table}, {numbers}) AND relpersistence <> 'p')"
            ),
            format!("table {name:?} or its sequence is unlogged: a crash would reset it"),
        ),
        PostgresFault::new(
            format!("EXISTS (SELECT FROM pg_class WHERE oid = {table} AND relrowsecurity)"),
            format!("table {name:?} has row-level security: a version that is hidden looks absent"),
        ),
    ]
}

/// Returns the faults of a table with triggers, which is watched or has events.
pub(super) fn table_faults(table: &TableName) -> Vec<PostgresFault> {
    let (oid, name) = (regclass(table), table.as_str());
    let class = |is: &str| format!("EXISTS (SELECT FROM pg_class WHERE oid = {oid} AND {is})");
    vec![
        PostgresFault::new(
            format!("{oid} IS NULL"),
            format!("there is no table {name:?}"),
        ),
        PostgresFault::new(
            format!(
                "{} OR EXISTS (SELECT FROM pg_inherits WHERE {oid} IN (inhrelid, inhparent))",
                class("relkind <> 'r'")
            ),
            format!(
                "{name:?} is not a table by itself (a view, partitioned, a partition, or inherits): \
                 writes to it could not all be seen"
            ),
        ),
        PostgresFault::new(
            class("relpersistence <> 'p'"),
            format!(
                "table {name:?} is unlogged or temporary: a crash empties it, and its versions stay"
            ),
        ),
    ]
}

/// Returns the faults of a watched table that a new installation does not mend.
pub(super) fn watch_faults(watch: &PostgresWatch) -> Vec<PostgresFault> {
    let mut faults = table_faults(&watch.table);
    for column in watch.key.iter().chain(&watch.groups) {
        faults.extend(column_faults(&watch.table, column));
    }
    if let Some(key) = &watch.key {
        let (oid, column) = (regclass(&watch.table), literal(key.as_str()));
        faults.push(PostgresFault::new(
            format!(
                "NOT EXISTS (SELECT FROM pg_index
        JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
        WHERE indrelid = {oid} AND attname = {column} AND indnkeyatts = 1
            AND indisunique AND indisvalid AND indpred IS NULL)"
            ),
            format!(
                "no primary key or unique index is on column {:?} of table {:?} alone: two rows \
                 would share a version",
                key.as_str(),
                watch.table.as_str()
            ),
        ));
    }
    faults
}

/// Returns the faults of a column whose values are in scopes.
fn column_faults(table: &TableName, column: &PostgresIdentifier) -> [PostgresFault; 2] {
    let (oid, name) = (regclass(table), literal(column.as_str()));
    let of = format!("column {:?} of table {:?}", column.as_str(), table.as_str());
    [
        PostgresFault::new(
            format!(
                "NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = {oid} AND attname = {name}
        AND attnum > 0 AND NOT attisdropped AND atttypid IN ({TYPES}))"
            ),
            format!("{of} is no integer, text, varchar or uuid"),
        ),
        PostgresFault::new(
            format!(
                "EXISTS (SELECT FROM pg_attribute
        JOIN pg_collation ON pg_collation.oid = attcollation
        WHERE attrelid = {oid} AND attname = {name} AND NOT collisdeterministic)"
            ),
            format!("{of} has a nondeterministic collation: different texts are equal"),
        ),
    ]
}

/// Returns the fault that row-level security hides rows from the installing role.
pub(super) fn hidden_rows_fault(table: &TableName) -> PostgresFault {
    PostgresFault::new(
        format!("row_security_active({})", regclass(table)),
        format!(
            "row-level security hides rows of table {:?} from the role that installs: they would \
             get no version",
            table.as_str()
        ),
    )
}

/// Returns the fault that a table does not have these triggers with this function.
pub(super) fn trigger_fault(
    table: &TableName,
    names: &[PostgresIdentifier],
    source: &str,
) -> PostgresFault {
    let listed: Vec<_> = names.iter().map(|name| literal(name.as_str())).collect();
    PostgresFault::new(
        format!(
            "(SELECT count(*) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE tgrelid = {} AND tgname IN ({}) AND tgenabled IN ('O', 'A') AND prosrc = {}) < {}",
            regclass(table),
            listed.join(", "),
            literal(source),
            names.len()
        ),
        format!(
            "the triggers of table {:?} are missing, disabled or of another schema: install it again",
            table.as_str()
        ),
    )
}

/// Returns the faults of a table whose versions are missing or older than its content.
pub(super) fn stale_faults(
    versions: &Versions,
    table: &TableName,
    watched: &[String],
) -> [PostgresFault; 2] {
    let (versions, name) = (&versions.table, table.as_str());
    let marks: Vec<_> = watched.iter().map(|mark| literal(mark)).collect();
    [
        PostgresFault::new(
            format!(
                "(SELECT count(*) FROM {versions} WHERE slot = {WATCHED} AND scope IN ({})) < {}",
                marks.join(", "),
                marks.len()
            ),
            format!("the versions of table {name:?} are gone: install it again"),
        ),
        PostgresFault::new(
            format!(
                "NOT EXISTS (SELECT FROM {versions} WHERE scope = {} AND version = {})",
                literal(&fingerprint_entry(name)),
                fingerprint(&regclass(table))
            ),
            format!(
                "table {name:?} was rewritten, altered or swapped without its triggers: install it again"
            ),
        ),
    ]
}

/// Returns SQL for a number that changes with the table's identity, columns and file.
///
/// So it changes if the table is swapped, altered or rewritten, for example by
/// `ALTER TABLE .. USING`.
pub(super) fn fingerprint(table: &str) -> String {
    format!(
        "(SELECT hashtextextended(concat_ws(' ', {table}::oid, pg_relation_filenode({table}),
        string_agg(concat_ws(' ', attnum, attname, atttypid, attcollation), ',' ORDER BY attnum)
    ), 0) FROM pg_attribute WHERE attrelid = {table} AND attnum > 0 AND NOT attisdropped)"
    )
}
