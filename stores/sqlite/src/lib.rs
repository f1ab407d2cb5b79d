//! Validators, safe writes and idempotency keys for [`tower_conditional`] with SQLite.
//!
//! Triggers keep a version of each row, table or group of rows, in the transaction that
//! writes. A [`VersionSource`] reads it before the handler runs, so a layer can answer 304
//! without the handler. Such a 304 is never stale. [`Database::guarded`] compares and
//! writes in one step, so that no update is lost.
//!
//! A [`SqliteIdempotencyStore`] keeps the records of an `IdempotencyLayer`. [`Database::keyed`]
//! commits the effect of a request and its response together.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, header, request::Parts};
//! use tower_conditional::{Current, ValidatorSource, handler::Expected, route::Route};
//! use tower_conditional_sqlite::{
//!     Database, GuardError, Install, Schema, Scope, Target, VersionSource, Watch,
//! };
//!
//! let database = Database::in_memory()?; // or Database::open("notes.db")?
//! database
//!     .run(|connection| {
//!         connection.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
//!     })
//!     .await?;
//!
//! // The migration. Or pass `schema.sql()` to your migration tool.
//! let schema = Schema::new().watch(Watch::table("notes").each_row("id").whole_table())?;
//! schema.install(&database).await?;
//!
//! // A source, for `source(..)` of the layers.
//! let note = Route::new("/notes/{id}")?;
//! let source = VersionSource::new(database.clone(), move |request: &Parts| {
//!     let id: i64 = note.parameter(request, "id")?;
//!     Some(Scope::row("notes", id))
//! });
//!
//! // A handler that writes. The request says which state it expects.
//! let request = Request::put("/notes/17").header(header::IF_NONE_MATCH, "*").body(())?;
//! let expected = Expected::of(&request);
//! let written = database
//!     .guarded(expected, Target::scope(Scope::row("notes", 17)), |tx| {
//!         tx.execute("INSERT INTO notes VALUES (17, 'hello')", ())?;
//!         tx.current()
//!     })
//!     .await;
//! let current = match written {
//!     Ok(current) => current,                          // 201, with its validators
//!     Err(GuardError::Precondition(failed)) => panic!("412: {failed:?}"),
//!     Err(error) => return Err(error.into()),          // 500, or 503
//! };
//!
//! let (parts, ()) = request.into_parts();
//! let read = source.current(&parts).await?;
//! let tag = |current: &Current| current.validators().and_then(|known| known.etag.clone());
//! assert!(tag(&read).unwrap().strong_eq(&tag(&current).unwrap()));
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
//! #     .block_on(run()).unwrap();
//! ```
//!
//! The schema and the statements are those of `tower-conditional-sql`, which has no
//! driver. Use that crate for a driver other than `rusqlite`.
//!
//! # A version column of your own
//!
//! A [`QuerySource`] reads the column, and [`Target::query`] guards it. A statement can
//! also compare it while it writes:
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, header};
//! use tower_conditional::{VersionTags, handler::Expected};
//! # use tower_conditional_sqlite::Database;
//! # let database = Database::in_memory()?;
//! # database.run(|connection| connection.execute_batch(
//! #     "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, version INTEGER);
//! #      INSERT INTO notes VALUES (17, 'hello', 3)")).await?;
//! use tower_conditional_sqlite::{Scope, rusqlite::OptionalExtension};
//!
//! // The scope keeps the tags of other notes out.
//! let tags = VersionTags::plain().scope(Scope::row("notes", 17));
//! let request = Request::put("/notes/17").header(header::IF_MATCH, tags.number(3)).body(())?;
//! let expected = Expected::of(&request);
//! // SQLite has no arrays, and takes lists as JSON.
//! let versions = expected.versions_json_of(&tags);
//! let version: Option<i64> = database
//!     .run(move |connection| {
//!         let update = "UPDATE notes SET text = 'bye', version = version + 1
//!             WHERE id = ?1 AND (?2 IS NULL OR version IN (SELECT value FROM json_each(?2)))
//!             RETURNING version";
//!         connection.query_row(update, (17, versions), |row| row.get(0)).optional()
//!     })
//!     .await?;
//! // No row and a condition: 412. No row without one: 404.
//! let version = expected.confirm_written(version).map_err(|failed| format!("412: {failed:?}"))?;
//! assert_eq!(version, Some(4));
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
//! ```
//!
//! The application must then change the column with every write: see
//! [`VersionTags`](tower_conditional::VersionTags).
//!
//! # What it guarantees
//!
//! - **No stale 304**: a tag of a [`VersionSource`] changes with every write to its scope,
//!   by any connection or process, and never comes back. The content must depend on the
//!   scope alone.
//! - **No lost update**: [`Database::guarded`] is linearizable. Of the writers that expect
//!   the same state, in any number of processes, one is accepted. Other writers cannot
//!   come between, even if the row is absent.
//! - A scope that is not watched is an error, not a tag that never changes.
//! - One row has one spelling: `17` has a state, and `017` has none; see [`Scope`].
//! - A table whose content could change while its tags stay is refused, and
//!   [`Install::verify`] finds later changes at each start.
//!
//! # What it does not do
//!
//! - A tag covers only the rows of its scope. A page of two tables, or one that
//!   a new release renders in another way, needs a version that covers both.
//! - The tag and the content are read separately. Read both from the same file. A copy that
//!   lags behind, as some replication tools make, would have old bytes for new tags.
//! - `REPLACE` on connections other than a [`Database`] needs a pragma; see [`Schema`].
//! - After a backup is restored, install the schema before the first write. Otherwise
//!   tags of lost content come back. The clock must not be behind that content; see
//!   [`Schema`](Schema#repeated-installation).
//! - Processes can share a file on one machine only. SQLite's locks and WAL do not work on
//!   network file systems.

mod database;
mod error;
mod guarded;
mod idempotency;
mod install;
mod source;
mod state;
#[cfg(test)]
mod test_support;
mod timeout;
mod transaction;
mod versions;

pub use database::{Database, DatabaseOptions};
pub use error::{Error, ErrorKind};
pub use guarded::{GuardError, Guarded, Target};
pub use idempotency::{KeyedError, KeyedResponse, KeyedTransaction, SqliteIdempotencyStore};
pub use install::Install;
pub use rusqlite;
pub use source::{QuerySource, VersionSource};
pub use state::{EventLog, ScopeState};
pub use tower_conditional_sql::{
    InvalidSchema, Scope, ScopeError, Watch,
    sqlite::{Schema, Statements},
};

/// The examples of the README, compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct SqliteReadme;
