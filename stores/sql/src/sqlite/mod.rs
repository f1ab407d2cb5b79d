//! Versions in SQLite (3.37 or later).

mod checks;
mod events;
mod name;
mod schema;
mod spelling;
mod statements;
mod triggers;
mod watch;

pub use schema::Schema;
pub use statements::Statements;
