//! Faults of a table that would let its content change and its tags stay.

use std::ffi::CStr;

use rusqlite::{Connection, OptionalExtension};

use super::watch::Watched;
use crate::name::Name;

/// Returns the reasons for which the table cannot be watched.
pub(super) fn refused(connection: &Connection, watch: &Watched) -> rusqlite::Result<Vec<String>> {
    let mut reasons = of_table(connection, &watch.table)?;
    if !reasons.is_empty() {
        return Ok(reasons);
    }
    let table = watch.table.as_str();
    for column in watch.key.iter().chain(&watch.groups) {
        let name = column.as_str();
        match connection.column_metadata(Some("main"), table, name) {
            Ok((declared, ..)) if declared.is_some_and(is_real) => reasons.push(format!(
                "column {name:?} of table {table:?} has real numbers, which equal integers of \
                 another spelling"
            )),
            Ok((_, collation, ..)) if collation.is_none_or(|it| it == c"BINARY") => {}
            Ok(_) => reasons.push(format!(
                "column {name:?} of table {table:?} has a collation for which different texts are equal"
            )),
            Err(_) => reasons.push(format!("there is no column {name:?} in table {table:?}")),
        }
    }
    if let Some(key) = &watch.key
        && reasons.is_empty()
        && !is_unique(connection, &watch.table, key)?
    {
        reasons.push(format!(
            "no primary key or unique index is on column {:?} of table {table:?} alone: two rows \
             would share a version",
            key.as_str()
        ));
    }
    Ok(reasons)
}

fn of_table(connection: &Connection, table: &Name) -> rusqlite::Result<Vec<String>> {
    let sql =
        "SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE";
    let kind: Option<String> = connection
        .query_row(sql, [table.as_str()], |row| row.get(0))
        .optional()?;
    let table = table.as_str();
    Ok(match kind.as_deref() {
        Some("table") => Vec::new(),
        Some(other) => vec![format!(
            "{table:?} is of the kind {other:?}: writes to it could not all be seen"
        )],
        None => vec![format!("there is no table {table:?}")],
    })
}

/// Returns `true` if a column of this declared type has the affinity `REAL`.
fn is_real(declared: &CStr) -> bool {
    let declared = declared.to_string_lossy().to_uppercase();
    let has = |part: &&str| declared.contains(*part);
    ["REAL", "FLOA", "DOUB"].iter().any(has)
        && !["INT", "CHAR", "CLOB", "TEXT", "BLOB"].iter().any(has)
}

/// Returns `true` if the column alone is the primary key, or has a unique index on
/// all rows.
fn is_unique(connection: &Connection, table: &Name, key: &Name) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (
        SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2 COLLATE NOCASE AND pk = 1
            AND 1 = (SELECT count(*) FROM pragma_table_xinfo(?1) WHERE pk > 0)
    ) OR EXISTS (
        SELECT 1 FROM pragma_index_list(?1) AS list
        WHERE list.\"unique\" AND NOT list.partial
            AND 1 = (SELECT count(*) FROM pragma_index_info(list.name))
            AND ?2 = (SELECT name FROM pragma_index_info(list.name)) COLLATE NOCASE
    )";
    connection.query_row(sql, [table.as_str(), key.as_str()], |row| row.get(0))
}
