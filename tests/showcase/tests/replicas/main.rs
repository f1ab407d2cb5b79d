//! The showcase as three processes that share one database.

mod disconnected;
mod history;
mod killed;
mod labels;
mod orders;
#[path = "../../../wire/support/race.rs"]
mod race;
mod races;
mod remembered;
mod restarts;
mod scopes;
mod spellings;
mod support;
