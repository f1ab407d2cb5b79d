//! Faults of a table that would let its content change and its tags stay.

use super::{
    name::{Name, TableName, literal},
    spelling::TYPES,
    versions::{Versions, WATCHED, fingerprint_entry},
    watched::Watched,
};

/// A condition in SQL that must not hold, and the reason to give if it does.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    found: String,
    reason: String,
}

impl Fault {
    fn new(found: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            found: found.into(),
            reason: reason.into(),
        }
    }
}

/// A query for the reasons of all faults that are found.
pub(super) fn reasons(faults: &[Fault]) -> String {
    let faults = faults.iter();
    let each = faults.map(|Fault { found, reason }| format!("({found}, {})", literal(reason)));
    format!(
        "SELECT reason FROM (VALUES\n    {}\n) AS faults (is_so, reason) WHERE is_so",
        each.collect::<Vec<_>>().join(",\n    ")
    )
}

/// SQL that raises an exception with the reasons of all faults that are found.
pub(super) fn refuse(faults: &[Fault]) -> String {
    format!(
        "SELECT string_agg(reason, '; ') INTO refused FROM ({}) AS faults;
IF refused IS NOT NULL THEN
    RAISE EXCEPTION '%', refused USING ERRCODE = 'object_not_in_prerequisite_state';
END IF;
",
        reasons(faults)
    )
}

/// SQL that is true if a fault is found.
pub(super) fn any(faults: &[Fault]) -> String {
    let found = faults.iter().map(|fault| format!("({})", fault.found));
    found.collect::<Vec<_>>().join("\n    OR ")
}

/// SQL for the `regclass` of this table, `NULL` if there is no such table.
pub(super) fn named(table: &TableName) -> String {
    format!("to_regclass({})", literal(&table.to_string()))
}

/// Faults of the table of versions, once it exists.
pub(super) fn of_versions(versions: &Versions) -> Vec<Fault> {
    let (table, numbers) = (named(&versions.table), named(&versions.numbers));
    let name = versions.table.as_str();
    vec![
        Fault::new(
            format!(
                "EXISTS (SELECT FROM pg_class WHERE oid IN ({table}, {numbers}) AND relpersistence <> 'p')"
            ),
            format!("table {name:?} or its sequence is unlogged: a crash would reset it"),
        ),
        Fault::new(
            format!("EXISTS (SELECT FROM pg_class WHERE oid = {table} AND relrowsecurity)"),
            format!("table {name:?} has row-level security: a version that is hidden looks absent"),
        ),
    ]
}

/// Faults of a table with triggers, watched or of events.
pub(super) fn of_table(table: &TableName) -> Vec<Fault> {
    let (oid, name) = (named(table), table.as_str());
    let class = |is: &str| format!("EXISTS (SELECT FROM pg_class WHERE oid = {oid} AND {is})");
    vec![
        Fault::new(
            format!("{oid} IS NULL"),
            format!("there is no table {name:?}"),
        ),
        Fault::new(
            format!(
                "{} OR EXISTS (SELECT FROM pg_inherits WHERE {oid} IN (inhrelid, inhparent))",
                class("relkind <> 'r'")
            ),
            format!(
                "{name:?} is not a table by itself (a view, partitioned, a partition, or inherits): \
                 writes to it could not all be seen"
            ),
        ),
        Fault::new(
            class("relpersistence <> 'p'"),
            format!(
                "table {name:?} is unlogged or temporary: a crash empties it, and its versions stay"
            ),
        ),
    ]
}

/// Faults of a watched table that installing again does not mend.
pub(super) fn of_watched(watch: &Watched) -> Vec<Fault> {
    let mut faults = of_table(&watch.table);
    for column in watch.key.iter().chain(&watch.groups) {
        faults.extend(of_column(&watch.table, column));
    }
    if let Some(key) = &watch.key {
        let (oid, column) = (named(&watch.table), literal(key.as_str()));
        faults.push(Fault::new(
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

/// Faults of a column whose values are in scopes.
fn of_column(table: &TableName, column: &Name) -> [Fault; 2] {
    let (oid, name) = (named(table), literal(column.as_str()));
    let of = format!("column {:?} of table {:?}", column.as_str(), table.as_str());
    [
        Fault::new(
            format!(
                "NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = {oid} AND attname = {name}
        AND attnum > 0 AND NOT attisdropped AND atttypid IN ({TYPES}))"
            ),
            format!("{of} is no integer, text, varchar or uuid"),
        ),
        Fault::new(
            format!(
                "EXISTS (SELECT FROM pg_attribute
        JOIN pg_collation ON pg_collation.oid = attcollation
        WHERE attrelid = {oid} AND attname = {name} AND NOT collisdeterministic)"
            ),
            format!("{of} has a nondeterministic collation: different texts are equal"),
        ),
    ]
}

/// The fault that row-level security hides rows from the role that installs.
pub(super) fn of_installer(table: &TableName) -> Fault {
    Fault::new(
        format!("row_security_active({})", named(table)),
        format!(
            "row-level security hides rows of table {:?} from the role that installs: they would \
             get no version",
            table.as_str()
        ),
    )
}

/// The fault that a table does not have these triggers with this function.
pub(super) fn of_triggers(table: &TableName, names: &[Name], source: &str) -> Fault {
    let listed: Vec<_> = names.iter().map(|name| literal(name.as_str())).collect();
    Fault::new(
        format!(
            "(SELECT count(*) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE tgrelid = {} AND tgname IN ({}) AND tgenabled IN ('O', 'A') AND prosrc = {}) < {}",
            named(table),
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

/// Faults of a table whose versions are gone, or older than its content.
pub(super) fn of_kept(versions: &Versions, table: &TableName, watched: &[String]) -> [Fault; 2] {
    let (versions, name) = (&versions.table, table.as_str());
    let marks: Vec<_> = watched.iter().map(|mark| literal(mark)).collect();
    [
        Fault::new(
            format!(
                "(SELECT count(*) FROM {versions} WHERE slot = {WATCHED} AND scope IN ({})) < {}",
                marks.join(", "),
                marks.len()
            ),
            format!("the versions of table {name:?} are gone: install it again"),
        ),
        Fault::new(
            format!(
                "NOT EXISTS (SELECT FROM {versions} WHERE scope = {} AND version = {})",
                literal(&fingerprint_entry(name)),
                fingerprint(&named(table))
            ),
            format!(
                "table {name:?} was rewritten, altered or swapped without its triggers: install it again"
            ),
        ),
    ]
}

/// SQL for a number that changes with the table's identity, columns and file: when
/// it is swapped, altered or rewritten, as by `ALTER TABLE .. USING`.
pub(super) fn fingerprint(table: &str) -> String {
    format!(
        "(SELECT hashtextextended(concat_ws(' ', {table}::oid, pg_relation_filenode({table}),
        string_agg(concat_ws(' ', attnum, attname, atttypid, attcollation), ',' ORDER BY attnum)
    ), 0) FROM pg_attribute WHERE attrelid = {table} AND attnum > 0 AND NOT attisdropped)"
    )
}
