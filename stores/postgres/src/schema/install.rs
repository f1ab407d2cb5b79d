//! SQL that installs the triggers of one table.

use super::{
    InvalidSchema,
    checks::{self, Fault},
    versions::Versions,
};
use crate::{
    name::{TableName, dollar_quoted},
    scope,
};

/// When a trigger runs its function.
pub(super) struct Trigger {
    pub(super) name: &'static str,
    /// `AFTER INSERT`
    pub(super) when: &'static str,
    /// `FOR EACH STATEMENT`, and what it refers to.
    pub(super) how: &'static str,
}

/// The SQL for one table, and what is not as it should be until it has run.
pub(super) struct Installation {
    pub(super) sql: String,
    pub(super) faults: Vec<Fault>,
}

/// The triggers of a table, and all that belongs to them.
pub(super) struct Triggers<'a> {
    pub(super) table: &'a TableName,
    pub(super) triggers: &'a [Trigger],
    /// Of the function that all of them run.
    pub(super) body: String,
    /// SQL that runs when they are installed anew.
    pub(super) renew: String,
    /// Faults that are refused.
    pub(super) refused: Vec<Fault>,
    /// Faults that installing anew mends, besides the triggers.
    pub(super) stale: Vec<Fault>,
}

impl Triggers<'_> {
    /// Installs a trigger function and its triggers, and renews, where they are
    /// not what they should be; all writers of the table are held off.
    pub(super) fn install(self, versions: &Versions) -> Result<Installation, InvalidSchema> {
        let table = self.table;
        let function = format!("/{}", scope::escaped(table.as_str()));
        let function = versions.table.with(&function)?;
        let (mut names, mut create) = (Vec::new(), String::new());
        for Trigger { name, when, how } in self.triggers {
            let name = versions.table.own(&format!("/{name}"))?;
            create += &format!(
                "    CREATE OR REPLACE TRIGGER {name} {when} ON {table} {how} EXECUTE FUNCTION {function}();\n"
            );
            names.push(name);
        }
        let body = format!("\n{}\n", self.body);
        let mut stale = vec![checks::of_triggers(table, &names, &body)];
        stale.extend(self.stale);
        let mut refused = self.refused;
        let only_now = checks::refuse(&[checks::of_installer(table)]);
        let sql = format!(
            "{refuse}IF {stale} THEN
    LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
    {only_now}    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {body};
{create}{renew}END IF;
",
            refuse = checks::refuse(&refused),
            stale = checks::any(&stale),
            body = dollar_quoted(&body),
            renew = self.renew,
        );
        refused.extend(stale);
        Ok(Installation {
            sql,
            faults: refused,
        })
    }
}
