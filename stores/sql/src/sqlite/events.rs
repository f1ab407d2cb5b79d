//! The SQL for a table of events.

use std::fmt::Write;

use super::{
    name::{SqliteIdentifier, literal},
    schema::STEP,
};

const EVENTS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

/// Returns SQL that installs a table of events, after the counter has advanced.
pub(super) fn install(table: &SqliteIdentifier, counter: &SqliteIdentifier) -> String {
    // With AUTOINCREMENT an identifier is never used again, even if its event was removed
    // without the triggers.
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL
) STRICT;
"
    );
    // SQLite goes on after `seq`. The name there has the case of the declaration.
    let name = format!(
        "(SELECT name FROM sqlite_schema WHERE type = 'table' AND name = {} COLLATE NOCASE)",
        literal(table.as_str())
    );
    let _ = write!(
        sql,
        "INSERT INTO sqlite_sequence (name, seq) SELECT {name}, 0
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = {name});
UPDATE sqlite_sequence SET seq = CASE WHEN seq < last THEN last ELSE seq + {STEP} END
    FROM {counter} WHERE name = {name};
"
    );
    let older = format!(" WHEN NEW.id < 1 OR NEW.id < (SELECT max(id) FROM {table})");
    for event in EVENTS {
        let name = trigger(table, event);
        let (timing, when) = match event {
            "INSERT" => ("AFTER", older.as_str()),
            _ => ("BEFORE", ""),
        };
        let _ = write!(
            sql,
            "DROP TRIGGER IF EXISTS {name};
CREATE TRIGGER {name} {timing} {event} ON {table}{when} BEGIN
    SELECT RAISE(ABORT, 'events are appended, and stay as they are');
END;
"
        );
    }
    sql
}

/// Returns SQL that is true if the table has the triggers.
pub(super) fn are_installed(table: &SqliteIdentifier) -> String {
    let names = EVENTS.map(|event| literal(trigger(table, event).as_str()));
    format!(
        "3 = (SELECT count(*) FROM sqlite_schema
        WHERE type = 'trigger' AND tbl_name = {} COLLATE NOCASE AND name IN ({}))",
        literal(table.as_str()),
        names.join(", ")
    )
}

fn trigger(table: &SqliteIdentifier, event: &str) -> SqliteIdentifier {
    table.with_suffix(&format!(" only grows: {event}"))
}
