//! Sources of the versions that triggers keep. Each module is complete: it has the migration, a
//! source of about 15 lines, and a statement that reads content and version together.

pub mod diesel_sqlite;
pub mod sqlx_postgres;
pub mod sqlx_sqlite;
