//! Versions in PostgreSQL for `tower-conditional`.

mod error;
mod guard;
mod lease;
mod name;
mod schema;
mod scope;
mod source;

pub use error::{Error, ErrorKind};
pub use guard::{GuardError, Guarded, Target};
pub use schema::{InvalidSchema, Schema, Watch};
pub use scope::Scope;
pub use source::{EventLog, Param, QuerySource, ScopeState, VersionSource};
