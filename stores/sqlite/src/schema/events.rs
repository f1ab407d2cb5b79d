//! SQL for a table of events.

use std::fmt::Write;

use crate::name::Name;

pub(super) fn install(table: &Name) -> String {
    // AUTOINCREMENT, so that not even an event that was removed by force leaves
    // its identifier to another.
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL
) STRICT;
"
    );
    let older = format!(" WHEN NEW.id < 1 OR NEW.id < (SELECT max(id) FROM {table})");
    for (event, when) in [("INSERT", older.as_str()), ("UPDATE", ""), ("DELETE", "")] {
        let name = table.with(&format!(" only grows: {event}"));
        let timing = if event == "INSERT" { "AFTER" } else { "BEFORE" };
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
