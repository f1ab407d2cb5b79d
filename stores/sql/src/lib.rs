//! Versions that triggers keep, for [`tower_conditional`] and any driver.
//!
//! The crate has no driver and nothing async: it has the text of the migration
//! ([`postgres::Schema`]) and of each statement, and makes a
//! [`Current`](tower_conditional::Current) of what a statement gives
//! ([`postgres::Statements`]).

mod error;
pub mod postgres;
mod scope;
pub mod sqlite;
mod watch;

pub use error::{InvalidSchema, ScopeError};
pub use scope::Scope;
pub use watch::Watch;
