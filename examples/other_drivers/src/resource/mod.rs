//! One resource over each driver, with the same routes and handlers: notes that nobody
//! overwrites without having seen them. Their versions are a column of the application's
//! own.

pub mod diesel_sqlite;
mod error;
pub mod sqlx_postgres;
pub mod sqlx_sqlite;

pub use error::Error;
