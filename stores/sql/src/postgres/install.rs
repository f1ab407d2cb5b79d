//! The SQL that installs the triggers of one table.

use super::{
    checks::{self, PostgresFault},
    name::{TableName, dollar_quoted},
    versions::Versions,
};
use crate::{InvalidSchema, scope};

/// The events and the mode of a trigger.
pub(super) struct Trigger {
    pub(super) name: &'static str,
    /// The time and the events, such as `AFTER INSERT`.
    pub(super) when: &'static str,
    /// The transition tables and the mode, such as `FOR EACH STATEMENT`.
    pub(super) how: &'static str,
}

/// The SQL that installs one table, and the faults that `Schema::verify_sql` looks
/// for afterwards.
pub(super) struct Installation {
    pub(super) sql: String,
    pub(super) faults: Vec<PostgresFault>,
}

/// The triggers of a table, which share one function.
pub(super) struct Triggers<'a> {
    pub(super) table: &'a TableName,
    pub(super) triggers: &'a [Trigger],
    /// The body of the function.
    pub(super) body: String,
    /// SQL that runs after the triggers are created, such as back-filling.
    pub(super) renew: String,
    /// Faults that make the installation fail.
    pub(super) refused: Vec<PostgresFault>,
    /// Faults that the installation mends, besides missing triggers.
    pub(super) stale: Vec<PostgresFault>,
}

impl Triggers<'_> {
    /// Returns SQL that creates the function and the triggers and runs `renew`, if there
    /// is a fault to mend. Writers of the table wait meanwhile.
    pub(super) fn install(self, versions: &Versions) -> Result<Installation, InvalidSchema> {
        let table = self.table;
        let function = format!("/{}", scope::escaped(table.as_str()));
        let function = versions.table.with_suffix(&function)?;
        let (mut names, mut create) = (Vec::new(), String::new());
        for Trigger { name, when, how } in self.triggers {
            let name = versions.table.suffixed(&format!("/{name}"))?;
            create += &format!(
                "    CREATE OR REPLACE TRIGGER {name} {when} ON {table} {how} EXECUTE FUNCTION {function}();\n"
            );
            names.push(name);
        }
        let body = format!("\n{}\n", self.body);
        let mut stale = vec![checks::trigger_fault(table, &names, &body)];
        stale.extend(self.stale);
        let mut refused = self.refused;
        let only_now = checks::raise_if_found(&[checks::hidden_rows_fault(table)]);
        let sql = format!(
            "{refuse}IF {stale} THEN
    LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
    {only_now}    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {body};
{create}{renew}END IF;
",
            refuse = checks::raise_if_found(&refused),
            stale = checks::any_found(&stale),
            body = dollar_quoted(&body),
            renew = self.renew,
        );
        // `verify_sql` reports what installing refuses and what it mends.
        refused.extend(stale);
        Ok(Installation {
            sql,
            faults: refused,
        })
    }
}
