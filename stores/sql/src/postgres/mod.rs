//! Versions in PostgreSQL (14 or later).

mod checks;
mod events;
mod install;
mod name;
mod schema;
mod spelling;
mod statements;
mod triggers;
mod versions;
mod watch;

pub use schema::Schema;
pub use statements::Statements;
