//! Faults of a table with which its content could change while its tags stay.

use super::{
    name::{SqliteIdentifier, literal},
    watch::SqliteWatch,
};

/// A condition in SQL that must not hold, and SQL for the reason to report if it does.
#[derive(Debug)]
pub(super) struct SqliteFault {
    /// The condition.
    found: String,
    reason: String,
}

impl SqliteFault {
    pub(super) fn new(found: impl Into<String>, reason: impl AsRef<str>) -> Self {
        Self {
            found: found.into(),
            reason: literal(reason.as_ref()),
        }
    }
}

/// Returns a query for the reasons of all faults that are found.
pub(super) fn reasons_query(faults: &[SqliteFault]) -> String {
    if faults.is_empty() {
        return "SELECT '' AS reason WHERE false".to_owned();
    }
    let faults = faults.iter();
    let each = faults.map(|SqliteFault { found, reason }| format!("({found}, {reason})"));
    format!(
        "SELECT column2 AS reason FROM (VALUES\n    {}\n) WHERE column1",
        each.collect::<Vec<_>>().join(",\n    ")
    )
}

/// Returns the faults because of which a table cannot be watched.
pub(super) fn watch_faults(watch: &SqliteWatch) -> Vec<SqliteFault> {
    let table = watch.table.as_str();
    let kind = format!(
        "(SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = {} COLLATE NOCASE)",
        literal(table)
    );
    let mut faults = vec![
        SqliteFault::new(
            format!("{kind} IS NULL"),
            format!("there is no table {table:?}"),
        ),
        SqliteFault {
            found: format!("{kind} <> 'table'"),
            reason: format!(
                "{} || {kind} || '\": writes to it could not all be seen'",
                literal(&format!("{table:?} is of the kind \""))
            ),
        },
    ];
    for column in watch.key.iter().chain(&watch.groups) {
        let name = column.as_str();
        let is = |condition: &str| {
            format!(
                "EXISTS (SELECT 1 FROM pragma_table_xinfo({}, 'main')
        WHERE name = {} COLLATE NOCASE AND {condition})",
                literal(table),
                literal(name)
            )
        };
        faults.push(SqliteFault::new(
            format!("{kind} = 'table' AND NOT {}", is("true")),
            format!("there is no column {name:?} in table {table:?}"),
        ));
        faults.push(SqliteFault::new(
            is(IS_REAL),
            format!(
                "column {name:?} of table {table:?} has real numbers, which equal integers of \
                 another spelling"
            ),
        ));
    }
    if let Some(key) = &watch.key {
        faults.push(SqliteFault::new(
            format!("{kind} = 'table' AND NOT {}", is_unique(&watch.table, key)),
            format!(
                "no primary key or unique index is on column {:?} of table {table:?} alone: two \
                 rows would share a version",
                key.as_str()
            ),
        ));
    }
    faults
}

/// Returns the fault because of which an existing table cannot have events.
pub(super) fn events_fault(table: &SqliteIdentifier) -> SqliteFault {
    let name = literal(table.as_str());
    SqliteFault::new(
        format!(
            "EXISTS (
        SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = {name} COLLATE NOCASE
    ) AND NOT (EXISTS (
        SELECT 1 FROM pragma_table_xinfo({name}, 'main') WHERE name = 'id' COLLATE NOCASE AND pk = 1
    ) AND EXISTS (
        SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = {name} COLLATE NOCASE
            AND instr(upper(sql), 'AUTOINCREMENT')
    ))"
        ),
        format!(
            "table {:?} has no column \"id INTEGER PRIMARY KEY AUTOINCREMENT\": an event would \
             get the number of a lost one; copy the events to a table that has it",
            table.as_str()
        ),
    )
}

/// The SQL that is true if a column of this declared type has the affinity `REAL`.
const IS_REAL: &str =
    "(instr(upper(type), 'REAL') OR instr(upper(type), 'FLOA') OR instr(upper(type), 'DOUB'))
        AND NOT (instr(upper(type), 'INT') OR instr(upper(type), 'CHAR')
            OR instr(upper(type), 'CLOB') OR instr(upper(type), 'TEXT')
            OR instr(upper(type), 'BLOB'))";

/// Returns SQL that is true if the column alone is the primary key, or has a unique index
/// on all rows.
fn is_unique(table: &SqliteIdentifier, key: &SqliteIdentifier) -> String {
    let (table, key) = (literal(table.as_str()), literal(key.as_str()));
    format!(
        "(EXISTS (
        SELECT 1 FROM pragma_table_xinfo({table}, 'main') WHERE name = {key} COLLATE NOCASE
            AND pk = 1
            AND 1 = (SELECT count(*) FROM pragma_table_xinfo({table}, 'main') WHERE pk > 0)
    ) OR EXISTS (
        SELECT 1 FROM pragma_index_list({table}, 'main') AS list
        WHERE list.\"unique\" AND NOT list.partial
            AND 1 = (SELECT count(*) FROM pragma_index_info(list.name, 'main'))
            AND {key} = (SELECT name FROM pragma_index_info(list.name, 'main')) COLLATE NOCASE
    ))"
    )
}
