//! To be written.

mod database;
mod error;
#[cfg(test)]
mod test_support;

pub use database::{Builder, Database};
pub use error::{Error, ErrorKind};
pub use rusqlite;
