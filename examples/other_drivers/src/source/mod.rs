//! Sources of the versions that triggers keep. Each module is whole: the migration, a
//! source of some 15 lines, and a handler's statement that reads content and version at
//! once.

pub mod diesel_sqlite;
pub mod sqlx_postgres;
pub mod sqlx_sqlite;
