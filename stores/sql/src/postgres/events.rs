//! The SQL for a table of events.

use super::{
    checks,
    install::{Installation, Trigger, Triggers},
    name::{TableName, literal},
    versions::Versions,
};
use crate::InvalidSchema;

const TRIGGERS: [Trigger; 2] = [
    Trigger {
        name: "append",
        when: "BEFORE INSERT",
        how: "FOR EACH ROW",
    },
    Trigger {
        name: "keep",
        when: "BEFORE UPDATE OR DELETE OR TRUNCATE",
        how: "FOR EACH STATEMENT",
    },
];

pub(super) fn install(
    versions: &Versions,
    table: &TableName,
) -> Result<Installation, InvalidSchema> {
    let lock = literal(&format!("events/{}", table.as_str()));
    let next = versions.next();
    let body = format!(
        "BEGIN
IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'events are appended, and stay as they are';
END IF;
-- Held until the commit, so that numbers become visible in their order.
PERFORM pg_advisory_xact_lock(hashtextextended({lock}, 0));
NEW.id := {next};
RETURN NEW;
END"
    );
    let numbers = literal(&versions.numbers.to_string());
    let renew = format!(
        "    PERFORM setval({numbers}, greatest({next}, (SELECT max(id) FROM {table})));\n"
    );
    let create = format!(
        "IF to_regclass({quoted}) IS NULL THEN
    CREATE TABLE {table} (id bigint PRIMARY KEY, event text NOT NULL);
END IF;
",
        quoted = literal(&table.to_string()),
    );
    let triggers = Triggers {
        table,
        triggers: &TRIGGERS,
        body,
        renew,
        refused: checks::table_faults(table),
        stale: Vec::new(),
    };
    let installed = triggers.install(versions)?;
    Ok(Installation {
        sql: create + &installed.sql,
        ..installed
    })
}
