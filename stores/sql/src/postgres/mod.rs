//! Versions in PostgreSQL (14 or later).

pub(crate) mod checks;
mod events;
mod install;
pub(crate) mod name;
mod schema;
mod spelling;
mod statements;
mod triggers;
mod versions;

pub use schema::Schema;
pub use statements::Statements;
