//! SQL that installs the triggers of one table.

use super::{
    checks::{self, Fault},
    name::{TableName, dollar_quoted},
    versions::Versions,
};
use crate::{InvalidSchema, scope};

/// The events and the mode of a trigger.
pub(super) struct Trigger {
    pub(super) name: &'static str,
    /// Such as `AFTER INSERT`.
    pub(super) when: &'static str,
    /// Such as `FOR EACH STATEMENT`, after the transition tables.
    pub(super) how: &'static str,
}

/// The SQL that installs one table, and the faults that `Schema::verify_sql` looks
/// for afterwards.
pub(super) struct Installation {
    pub(super) sql: String,
    pub(super) faults: Vec<Fault>,
}

/// The triggers of a table, which share one function.
pub(super) struct Triggers<'a> {
    pub(super) table: &'a TableName,
    pub(super) triggers: &'a [Trigger],
    /// The function's body.
    pub(super) body: String,
    /// SQL that runs after the triggers are created, such as the back-filling.
    pub(super) renew: String,
    /// Faults that make the installation fail.
    pub(super) refused: Vec<Fault>,
    /// Faults that the installation mends, besides missing triggers.
    pub(super) stale: Vec<Fault>,
}

impl Triggers<'_> {
    /// SQL that creates the function and the triggers and runs `renew`, if there
    /// is a fault to mend. Writers of the table wait for it.
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
