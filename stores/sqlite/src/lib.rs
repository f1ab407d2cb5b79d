//! To be written.

mod database;
mod error;
mod guarded;
mod limit;
mod name;
mod schema;
mod scope;
mod source;
mod state;
#[cfg(test)]
mod test_support;
mod versions;

pub use database::{Builder, Database};
pub use error::{Error, ErrorKind};
pub use guarded::{GuardError, Guarded, Target};
pub use rusqlite;
pub use schema::{InvalidSchema, Schema, Watch};
pub use scope::Scope;
pub use source::{QuerySource, VersionSource};
pub use state::{EventLog, ScopeState};
