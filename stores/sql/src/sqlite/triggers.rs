//! The SQL for the triggers of one table, and for the rows that it already has.

use std::fmt::Write;

use super::{
    name::{SqliteIdentifier, literal},
    schema::counter,
    spelling::{self, SPELLING},
    watch::SqliteWatch,
};
use crate::scope::{self, ScopeKind};

/// Returns SQL that installs the triggers of one table, and versions of its existing rows.
pub(super) fn install(versions: &SqliteIdentifier, watch: &SqliteWatch) -> String {
    let SqliteWatch { table, .. } = watch;
    let mut sql = forget_unless_installed(versions, watch);
    // SQLite checks the columns of a trigger only when it fires, so select them here.
    for column in watch.key.iter().chain(&watch.groups) {
        let _ = writeln!(sql, "SELECT {table}.{column} FROM {table} LIMIT 0;");
    }
    for (name, definition) in triggers(versions, watch) {
        let _ = write!(sql, "DROP TRIGGER IF EXISTS {name};\n{definition};\n");
    }

    sql += &next(versions);
    let last = format!("(SELECT last FROM {})", counter(versions));
    if let Some(key) = &watch.key {
        // If the mark exists, so do the versions of all rows.
        let all = scope::rows(table.as_str());
        let of_row = spelling::scope_sql(&all, &format!("{table}.{key}"));
        let mark = literal(&all);
        let _ = writeln!(
            sql,
            "INSERT INTO {versions} (scope, version) SELECT {of_row}, {last} FROM {table}
    WHERE {table}.{key} IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {versions} WHERE scope = {mark});"
        );
    }
    for (mark, column) in marks(watch) {
        let _ = writeln!(
            sql,
            "INSERT INTO {versions} (scope, version) VALUES ({}, {last}) ON CONFLICT DO NOTHING;",
            literal(&mark),
        );
        if let Some(column) = column {
            let _ = writeln!(
                sql,
                "INSERT INTO {versions} (scope, version) SELECT {}, ({}) WHERE true
    ON CONFLICT DO UPDATE SET version = excluded.version;",
                literal(&format!("{SPELLING}{mark}")),
                spelling::code(table, column),
            );
        }
    }
    let _ = writeln!(
        sql,
        "INSERT INTO {versions} (scope, version) VALUES ({}, {last}) ON CONFLICT DO NOTHING;",
        declaration(table)
    );
    sql
}

/// Returns the prefix of the entry with a table's declaration at its installation.
/// No [`Scope`](crate::Scope) has this text.
fn declarations(table: &str) -> String {
    format!("declaration/{}", scope::escaped(table))
}

/// Returns SQL for the entry with the table's present declaration.
fn declaration(table: &SqliteIdentifier) -> String {
    let all = literal(&format!("{}/", declarations(table.as_str())));
    let name = literal(table.as_str());
    format!(
        "{all} || (SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = {name} COLLATE NOCASE)"
    )
}

/// Returns SQL that is true if the table has these triggers, all its entries, and the
/// declaration of its installation.
pub(super) fn are_installed(versions: &SqliteIdentifier, watch: &SqliteWatch) -> String {
    let triggers = triggers(versions, watch);
    let [insert, update, delete] = triggers.each_ref().map(|(_, sql)| literal(sql));
    let marks: Vec<_> = marks(watch).map(|(mark, _)| literal(&mark)).collect();
    format!(
        "3 = (
        SELECT count(*) FROM sqlite_schema
        WHERE type = 'trigger' AND sql IN ({insert}, {update}, {delete})
    ) AND {} = (SELECT count(*) FROM {versions} WHERE scope IN ({}))
    AND EXISTS (SELECT 1 FROM {versions} WHERE scope = {})",
        marks.len(),
        marks.join(", "),
        declaration(&watch.table)
    )
}

/// Returns the entries that mark scopes as watched, each with the column whose values are
/// in the scopes. The entry of the table is also its version.
fn marks(watch: &SqliteWatch) -> impl Iterator<Item = (String, Option<&SqliteIdentifier>)> {
    let table = watch.table.as_str();
    let key = watch.key.iter();
    let rows = key.map(move |key| (scope::rows(table), Some(key)));
    let whole = watch.whole.then(|| (scope::whole(table), None));
    let groups = watch.groups.iter();
    let groups = groups.map(move |column| (scope::groups(table, column.as_str()), Some(column)));
    rows.chain(whole).chain(groups)
}

/// Returns SQL that removes all versions of the table unless it is
/// [installed](are_installed).
fn forget_unless_installed(versions: &SqliteIdentifier, watch: &SqliteWatch) -> String {
    let table = watch.table.as_str();
    let (whole, rows) = (scope::whole(table), scope::rows(table));
    let declarations = format!("{}/", declarations(table));
    // Without a column, this is the prefix of all groups of the table.
    let groups = scope::groups(table, "");
    let all = [format!("{rows}/"), groups, declarations].map(|all| {
        let (first, end) = (literal(&all), literal(&after(&all)));
        format!("OR scope >= {first} AND scope < {end}")
    });
    format!(
        "DELETE FROM {versions} WHERE (
        scope IN ({}, {}) {}
    ) AND NOT ({});
",
        literal(&whole),
        literal(&rows),
        all.join(" "),
        are_installed(versions, watch),
    )
}

/// Returns the first text in order after all texts with `prefix`, which ends with a slash.
fn after(prefix: &str) -> String {
    let mut after = prefix.to_owned();
    after.pop();
    after.push('0');
    after
}

/// Returns the names of the triggers, and their SQL as SQLite stores it, for comparison.
fn triggers(versions: &SqliteIdentifier, watch: &SqliteWatch) -> [(SqliteIdentifier, String); 3] {
    let SqliteWatch { table, .. } = watch;
    let (new, old) = (scopes(watch, "NEW"), scopes(watch, "OLD"));
    let next = next(versions);

    let mut insert = next.clone();
    let mut update = next.clone();
    let mut delete = next;
    for ((kind, new), (_, old)) in new.iter().zip(&old) {
        let moved = format!(" AND {old} IS NOT {new}");
        match kind {
            ScopeKind::Row => {
                update += &remove(versions, old, &moved);
                delete += &remove(versions, old, "");
            }
            ScopeKind::Table => delete += &bump(versions, old, ""),
            ScopeKind::Group => {
                update += &bump(versions, old, &moved);
                delete += &bump(versions, old, "");
            }
        }
        insert += &bump(versions, new, "");
        update += &bump(versions, new, "");
    }
    [("INSERT", insert), ("UPDATE", update), ("DELETE", delete)].map(|(event, body)| {
        let name = versions.with_suffix(&format!(" of {} {event}", table.as_str()));
        let sql = format!("CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN\n{body}END");
        (name, sql)
    })
}

/// Returns SQL for each scope of a row, which is `NEW` or `OLD`.
fn scopes(watch: &SqliteWatch, row: &str) -> Vec<(ScopeKind, String)> {
    let table = watch.table.as_str();
    let of =
        |all: &str, column: &SqliteIdentifier| spelling::scope_sql(all, &format!("{row}.{column}"));
    let rows = scope::rows(table);
    let key = watch.key.iter().map(|key| (ScopeKind::Row, of(&rows, key)));
    let whole = watch
        .whole
        .then(|| (ScopeKind::Table, literal(&scope::whole(table))));
    let groups = watch.groups.iter().map(|column| {
        let groups = scope::groups(table, column.as_str());
        (ScopeKind::Group, of(&groups, column))
    });
    key.chain(whole).chain(groups).collect()
}

fn next(versions: &SqliteIdentifier) -> String {
    format!("UPDATE {} SET last = last + 1;\n", counter(versions))
}

/// Returns SQL that sets the version of the scope to the newest number, unless the scope
/// is `NULL`.
fn bump(versions: &SqliteIdentifier, scope: &str, and: &str) -> String {
    format!(
        "INSERT INTO {versions} (scope, version)
    SELECT {scope}, last FROM {} WHERE {scope} IS NOT NULL{and}
    ON CONFLICT (scope) DO UPDATE SET version = excluded.version;\n",
        counter(versions),
    )
}

fn remove(versions: &SqliteIdentifier, scope: &str, and: &str) -> String {
    format!("DELETE FROM {versions} WHERE scope = {scope}{and};\n")
}
