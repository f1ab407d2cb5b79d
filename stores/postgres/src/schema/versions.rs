//! SQL for the table of versions, and for what the triggers share.

use super::InvalidSchema;
use crate::{
    name::{TableName, dollar_quoted, literal},
    scope,
};

/// The table of versions unless it is given another name.
pub(crate) const VERSIONS: &str = "conditional_versions";
/// The slot of the row that says that a kind of scope is watched.
pub(crate) const WATCHED: i32 = -1;
/// On how many locks the groups of one table meet, so that a statement that
/// writes many groups holds no more than these.
pub(crate) const BUCKETS: u8 = 64;

/// The table of versions, and what stands beside it.
#[derive(Debug, Clone)]
pub(crate) struct Versions {
    pub(crate) table: TableName,
    pub(super) numbers: TableName,
    /// `part(text)`: a value as part of a scope, the other half of `escaped`.
    pub(super) part: TableName,
    /// `bump(watched, scopes, slots)`: new versions, each in one slot.
    pub(super) bump: TableName,
}

impl Versions {
    pub(crate) fn new(table: impl Into<String>) -> Result<Self, InvalidSchema> {
        let table = TableName::new(table)?;
        Ok(Self {
            numbers: table.with("/numbers")?,
            part: table.with("/part")?,
            bump: table.with("/bump")?,
            table,
        })
    }

    /// The next number that no version ever was.
    pub(super) fn next(&self) -> String {
        format!("nextval({})", literal(&self.numbers.to_string()))
    }

    pub(super) fn install(&self) -> String {
        let (table, numbers, next) = (&self.table, &self.numbers, self.next());
        let (part, bump) = (&self.part, &self.bump);
        let part_body = dollar_quoted(r"SELECT replace(replace($1, '%', '%25'), '/', '%2F')");
        let bump_body = dollar_quoted(&format!(
            "BEGIN
    IF watched IS NOT NULL THEN
        -- Writers share it; a guarded transaction holds it alone.
        PERFORM pg_advisory_xact_lock_shared(key) FROM (
            SELECT DISTINCT hashtextextended(watched, hashtextextended(changed, 0) & {last}) AS key
            FROM unnest(scopes) AS changed WHERE changed IS NOT NULL ORDER BY 1
        ) AS locks;
    END IF;
    INSERT INTO {table} (scope, slot, version)
    SELECT changed, pg_backend_pid() % slots, {next}
    FROM (SELECT DISTINCT unnest(scopes) AS changed ORDER BY 1) AS distinct_scopes
    WHERE changed IS NOT NULL
    ON CONFLICT (scope, slot) DO UPDATE SET version = {next};
END",
            last = BUCKETS - 1,
        ));
        let lock = literal(&format!("install/{}", self.table.as_str()));
        format!(
            "IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the versions are to be installed in a transaction that is READ COMMITTED';
END IF;
PERFORM pg_advisory_xact_lock(hashtextextended({lock}, 0));
IF to_regclass({quoted}) IS NULL THEN
    CREATE TABLE {table} (
        scope text COLLATE \"C\" NOT NULL,
        slot integer NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (scope, slot)
    );
    CREATE SEQUENCE {numbers};
END IF;
CREATE OR REPLACE FUNCTION {part}(text) RETURNS text
    LANGUAGE sql IMMUTABLE AS {part_body};
CREATE OR REPLACE FUNCTION {bump}(watched text, scopes text[], slots integer) RETURNS void
    LANGUAGE plpgsql AS {bump_body};
",
            quoted = literal(&table.to_string()),
        )
    }
}

/// When a trigger runs its function.
pub(super) struct Trigger {
    pub(super) name: &'static str,
    /// `AFTER INSERT`
    pub(super) when: &'static str,
    /// `FOR EACH STATEMENT`, and what it refers to.
    pub(super) how: &'static str,
}

/// SQL that installs a trigger function and its triggers, and renews, where
/// they are not what they should be; all writers of the table are held off.
pub(super) fn install_triggers(
    versions: &Versions,
    table: &TableName,
    triggers: &[Trigger],
    body: &str,
    renew: &str,
) -> Result<String, InvalidSchema> {
    let function = versions
        .table
        .with(&format!("/{}", scope::escaped(table.as_str())))?;
    let mut names = Vec::new();
    let mut create = String::new();
    for Trigger { name, when, how } in triggers {
        let name = versions.table.own(&format!("/{name}"))?;
        create += &format!(
            "    CREATE OR REPLACE TRIGGER {name} {when} ON {table} {how} EXECUTE FUNCTION {function}();\n"
        );
        names.push(literal(name.as_str()));
    }
    let body = format!("\n{body}\n");
    Ok(format!(
        "IF (SELECT count(*) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgrelid = {quoted}::regclass AND tgname IN ({names})
        AND tgenabled IN ('O', 'A') AND prosrc = {source}) < {number}
THEN
    LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {function_body};
{create}{renew}END IF;
",
        quoted = literal(&table.to_string()),
        number = names.len(),
        names = names.join(", "),
        source = literal(&body),
        function_body = dollar_quoted(&body),
    ))
}
