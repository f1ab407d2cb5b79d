//! SQL for the triggers of one watched table.

use std::fmt::Write;

use super::{
    InvalidSchema,
    versions::{Trigger, Versions, WATCHED, install_triggers},
    watch::Watched,
};
use crate::{
    name::{Name, literal},
    scope,
};

/// The types whose text is the same in each session.
const TYPES: &str = "'int2'::regtype, 'int4'::regtype, 'int8'::regtype, \
    'text'::regtype, 'varchar'::regtype, 'uuid'::regtype";
/// Statement triggers, since only they see all rows of a statement at once:
/// a statement that writes a thousand rows changes a table's version once.
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

pub(super) fn install(versions: &Versions, watch: &Watched) -> Result<String, InvalidSchema> {
    let sql = Sql { versions, watch };
    let (body, renew) = (sql.body(), sql.renew());
    let triggers = install_triggers(versions, &watch.table, &TRIGGERS, &body, &renew)?;
    Ok(sql.check() + &triggers)
}

struct Sql<'a> {
    versions: &'a Versions,
    watch: &'a Watched,
}

impl Sql<'_> {
    /// Refuses what would leave writes unseen, or scopes with two spellings.
    fn check(&self) -> String {
        let table = &self.watch.table;
        let quoted = literal(&table.to_string());
        let mut sql = format!(
            "IF EXISTS (SELECT FROM pg_class WHERE oid = {quoted}::regclass AND relkind <> 'r')
    OR EXISTS (SELECT FROM pg_inherits WHERE {quoted}::regclass IN (inhrelid, inhparent))
THEN
    RAISE EXCEPTION '% is not a table by itself, and writes to it could not all be seen', {quoted};
END IF;
"
        );
        for column in self.watch.key.iter().chain(&self.watch.groups) {
            let column = literal(column.as_str());
            let _ = write!(
                sql,
                "IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = {quoted}::regclass
    AND attname = {column} AND attnum > 0 AND atttypid IN ({TYPES}))
THEN
    RAISE EXCEPTION 'the column % of % is no integer, text, varchar or uuid', {column}, {quoted};
END IF;
"
            );
        }
        sql
    }

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

    /// New versions throughout: nobody knows what was written without triggers.
    fn renew(&self) -> String {
        let (versions, next) = (&self.versions.table, self.versions.next());
        let table = self.watch.table.as_str();
        let (whole, rows) = (scope::whole(table), scope::rows(table));
        // What starts the groups by whatever column.
        let groups = scope::groups(table, "");
        let mut sql = format!(
            "    DELETE FROM {versions} WHERE scope IN ({}, {}) OR {} OR {};\n",
            literal(&whole),
            literal(&rows),
            within(&rows),
            within(groups.trim_end_matches('/')),
        );
        for watched in self.watched() {
            let _ = writeln!(
                sql,
                "    INSERT INTO {versions} VALUES ({}, {WATCHED}, {next});",
                literal(&watched)
            );
        }
        let name = self.watch.table.to_string();
        let existing: &[_] = &[name.as_str()];
        sql + &self.bump_rows(existing) + &self.bump_collections(existing)
    }

    /// What the sources look for to see that a scope is watched.
    fn watched(&self) -> Vec<String> {
        let table = self.watch.table.as_str();
        let rows = self.watch.key.iter().map(|_| scope::rows(table));
        let whole = self.watch.whole.then(|| scope::whole(table));
        let groups = self.watch.groups.iter();
        let groups = groups.map(|column| scope::groups(table, column.as_str()));
        rows.chain(whole).chain(groups).collect()
    }

    /// Removes the versions of rows that are no more. A row that a trigger of
    /// the application has put back keeps the version that this gave it.
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
        let mut sql = String::new();
        if self.watch.key.is_some() {
            let rows = within(&scope::rows(table));
            sql += &format!("    DELETE FROM {versions} WHERE {rows};\n");
        }
        for column in &self.watch.groups {
            let all = scope::groups(table, column.as_str());
            let scopes = format!("SELECT scope FROM {versions} WHERE {}", within(&all));
            sql += &self.bump(&literal(&all), &scopes, self.watch.slots);
        }
        if self.watch.whole {
            sql += &self.bump_table();
        }
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

    /// The scopes that the values of a column stand for.
    fn scopes(&self, all: &str, column: &Name, relations: &[&str]) -> String {
        let scope = self.scope(all, &column.to_string());
        let each = relations
            .iter()
            .map(|rows| format!("SELECT {scope} FROM {rows}"));
        each.collect::<Vec<_>>().join(" UNION ALL ")
    }

    fn scope(&self, all: &str, value: &str) -> String {
        let part = &self.versions.part;
        format!("{} || {part}({value}::text)", literal(&format!("{all}/")))
    }
}

/// The scopes that start with `all` and a slash; `0` comes right after it.
fn within(all: &str) -> String {
    let (first, end) = (format!("{all}/"), format!("{all}0"));
    format!(
        "(scope >= {} AND scope < {})",
        literal(&first),
        literal(&end)
    )
}
