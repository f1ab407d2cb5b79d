//! One resource over each driver, with the same routes and handlers: notes without lost updates.
//! Their versions are a column of the table.

pub mod diesel_sqlite;
mod error;
pub mod sqlx_postgres;
pub mod sqlx_sqlite;

pub use error::Error;
