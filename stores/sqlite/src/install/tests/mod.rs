//! The migration, run against SQLite.

mod install;
mod refused;
mod restored;
mod scopes;
mod triggers;
mod unsound;

use crate::{
    Database, Scope,
    test_support::{execute, tag},
};

pub(super) fn row(id: i64) -> Scope {
    Scope::row("notes", id)
}

pub(super) fn all() -> Scope {
    Scope::table("notes")
}

pub(super) fn of(tenant: &str) -> Scope {
    Scope::group("notes", "tenant", tenant)
}

/// Returns the tags of the rows 1 and 2, the table, and the tenants a and b.
pub(super) async fn tags(database: &Database) -> [Option<String>; 5] {
    let mut tags = [const { None }; 5];
    for (at, scope) in [row(1), row(2), all(), of("a"), of("b")]
        .into_iter()
        .enumerate()
    {
        tags[at] = tag(database, scope).await;
    }
    tags
}

/// Runs the statement and returns which of [`tags`] it changed.
pub(super) async fn changed(database: &Database, sql: &str) -> [bool; 5] {
    let before = tags(database).await;
    execute(database, sql).await;
    let after = tags(database).await;
    std::array::from_fn(|at| before[at] != after[at])
}
