//! The SQL for the triggers of one watched table.

use std::fmt::Write;

use super::{
    checks,
    install::{Installation, Trigger, Triggers},
    name::{PostgresIdentifier, literal},
    spelling,
    versions::{SPELLING, Versions, WATCHED, fingerprint_entry},
    watch::PostgresWatch,
};
use crate::{InvalidSchema, scope};

/// The triggers of a watched table.
///
/// They fire once for each statement, so a statement that writes a thousand rows changes
/// the version of the table once.
const TRIGGERS: [Trigger; 4] = [
    Trigger {
        name: "insert",
        when: "AFTER INSERT",
        how: "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT",
    },
    Trigger {
        name: "update",
        when: "AFTER UPDATE",
        how: "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT",
    },
    Trigger {
        name: "delete",
        when: "AFTER DELETE",
        how: "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT",
    },
    Trigger {
        name: "truncate",
        when: "AFTER TRUNCATE",
        how: "FOR EACH STATEMENT",
    },
];

pub(super) fn install(
    versions: &Versions,
    watch: &PostgresWatch,
) -> Result<Installation, InvalidSchema> {
    let sql = TriggerSql { versions, watch };
    let watched: Vec<_> = sql.watched().map(|(mark, _)| mark).collect();
    let triggers = Triggers {
        table: &watch.table,
        triggers: &TRIGGERS,
        body: sql.body(),
        renew: sql.renew(),
        refused: checks::watch_faults(watch),
        stale: checks::stale_faults(versions, &watch.table, &watched).into(),
    };
    triggers.install(versions)
}

/// The writer of the SQL for one table.
struct TriggerSql<'a> {
    versions: &'a Versions,
    watch: &'a PostgresWatch,
}

impl TriggerSql<'_> {
    fn body(&self) -> String {
        let (old, new): (&[_], &[_]) = (&["old_rows"], &["new_rows"]);
        let both = &["old_rows", "new_rows"];
        let insert = self.bump_rows(new) + &self.bump_collections(new);
        let update = self.forget_rows() + &self.bump_rows(new) + &self.bump_collections(both);
        let delete = self.forget_rows() + &self.bump_collections(old);
        let truncate = self.truncate();
        format!(
            "BEGIN
IF TG_OP = 'INSERT' THEN
{insert}ELSIF TG_OP = 'UPDATE' THEN
{update}ELSIF TG_OP = 'DELETE' THEN
{delete}ELSE
{truncate}END IF;
RETURN NULL;
END"
        )
    }

    /// Returns SQL that replaces all versions, since the table may have been written without
    /// triggers.
    fn renew(&self) -> String {
        let (versions, next) = (&self.versions.table, self.versions.next());
        let table = self.watch.table.as_str();
        let (whole, rows, fingerprint) = (
            scope::whole(table),
            scope::rows(table),
            fingerprint_entry(table),
        );
        // The prefix of the groups by any column.
        let groups = scope::groups(table, "");
        let mut sql = format!(
            "    DELETE FROM {versions} WHERE scope IN ({}, {}, {}) OR {} OR {};\n",
            literal(&whole),
            literal(&rows),
            literal(&fingerprint),
            has_prefix(&rows),
            has_prefix(groups.trim_end_matches('/')),
        );
        let named = checks::regclass(&self.watch.table);
        for (mark, column) in self.watched() {
            let mark = literal(&mark);
            let _ = writeln!(
                sql,
                "    INSERT INTO {versions} VALUES ({mark}, {WATCHED}, {next});"
            );
            if let Some(column) = column {
                let _ = writeln!(
                    sql,
                    "    INSERT INTO {versions} SELECT {mark}, {SPELLING}, {} FROM pg_attribute
        WHERE attrelid = {named} AND attname = {};",
                    spelling::CODE,
                    literal(column.as_str())
                );
            }
        }
        let _ = writeln!(
            sql,
            "    INSERT INTO {versions} VALUES ({}, {WATCHED}, {});",
            literal(&fingerprint),
            checks::fingerprint(&named)
        );
        let name = self.watch.table.to_string();
        let existing: &[_] = &[name.as_str()];
        sql + &self.bump_rows(existing) + &self.bump_collections(existing)
    }

    /// Returns the entries that mark scopes as watched, each with the column whose values are
    /// in the scopes.
    fn watched(&self) -> impl Iterator<Item = (String, Option<&PostgresIdentifier>)> {
        let table = self.watch.table.as_str();
        let key = self.watch.key.iter();
        let rows = key.map(move |key| (scope::rows(table), Some(key)));
        let whole = self.watch.whole.then(|| (scope::whole(table), None));
        let groups = self.watch.groups.iter();
        let groups =
            groups.map(move |column| (scope::groups(table, column.as_str()), Some(column)));
        rows.chain(whole).chain(groups)
    }

    /// Returns SQL that removes the versions of deleted rows.
    ///
    /// If a trigger of the application has inserted the row again, it keeps the version of
    /// that insert.
    fn forget_rows(&self) -> String {
        let Some(key) = &self.watch.key else {
            return String::new();
        };
        let (versions, table) = (&self.versions.table, &self.watch.table);
        let scope = self.scope(&scope::rows(table.as_str()), &format!("gone.{key}"));
        format!(
            "    DELETE FROM {versions} WHERE slot = 0 AND scope IN (
        SELECT {scope} COLLATE \"C\" FROM old_rows AS gone
        WHERE NOT EXISTS (SELECT FROM {table} AS there WHERE there.{key} = gone.{key})
    );\n"
        )
    }

    fn bump_rows(&self, relations: &[&str]) -> String {
        let Some(key) = &self.watch.key else {
            return String::new();
        };
        let rows = scope::rows(self.watch.table.as_str());
        self.bump("NULL", &self.scopes(&rows, key, relations), 1)
    }

    fn bump_collections(&self, relations: &[&str]) -> String {
        let table = self.watch.table.as_str();
        let mut sql = String::new();
        for column in &self.watch.groups {
            let all = scope::groups(table, column.as_str());
            let scopes = self.scopes(&all, column, relations);
            sql += &self.bump(&literal(&all), &scopes, self.watch.slots);
        }
        if self.watch.whole {
            let some = format!("EXISTS (SELECT FROM {})", relations[0]);
            sql += &format!("    IF {some} THEN\n    {}    END IF;\n", self.bump_table());
        }
        sql
    }

    fn truncate(&self) -> String {
        let versions = &self.versions.table;
        let table = self.watch.table.as_str();
        // The versions of rows that an older snapshot does not see would stay.
        let mut sql = format!(
            "    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION '% is truncated in transactions that are READ COMMITTED alone', {};
    END IF;\n",
            literal(table)
        );
        if self.watch.key.is_some() {
            let rows = has_prefix(&scope::rows(table));
            sql += &format!("    DELETE FROM {versions} WHERE {rows};\n");
        }
        for column in &self.watch.groups {
            let all = scope::groups(table, column.as_str());
            let scopes = format!("SELECT scope FROM {versions} WHERE {}", has_prefix(&all));
            sql += &self.bump(&literal(&all), &scopes, self.watch.slots);
        }
        if self.watch.whole {
            sql += &self.bump_table();
        }
        // The table has a new file and so a new fingerprint, and all its versions are new.
        let _ = writeln!(
            sql,
            "    UPDATE {versions} SET version = {} WHERE scope = {};",
            checks::fingerprint("TG_RELID"),
            literal(&fingerprint_entry(table))
        );
        sql
    }

    fn bump_table(&self) -> String {
        let whole = literal(&scope::whole(self.watch.table.as_str()));
        self.bump(&whole, &format!("SELECT {whole}"), self.watch.slots)
    }

    fn bump(&self, watched: &str, scopes: &str, slots: u16) -> String {
        let bump = &self.versions.bump;
        format!("    PERFORM {bump}({watched}, ARRAY({scopes}), {slots});\n")
    }

    /// Returns a query for the scopes of the values of a column.
    fn scopes(&self, all: &str, column: &PostgresIdentifier, relations: &[&str]) -> String {
        // The column is qualified, since it may have the name of a variable, such as `new`.
        let scope = self.scope(all, &format!("written.{column}"));
        let each = relations
            .iter()
            .map(|rows| format!("SELECT {scope} FROM {rows} AS written"));
        each.collect::<Vec<_>>().join(" UNION ALL ")
    }

    fn scope(&self, all: &str, value: &str) -> String {
        let part = &self.versions.part;
        format!("{} || {part}({value}::text)", literal(&format!("{all}/")))
    }
}

/// Returns a condition for scopes that start with `all` and a slash. In the order of the
/// texts, `0` comes right after the slash.
fn has_prefix(all: &str) -> String {
    let (first, end) = (format!("{all}/"), format!("{all}0"));
    format!(
        "(scope >= {} AND scope < {})",
        literal(&first),
        literal(&end)
    )
}
