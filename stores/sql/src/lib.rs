//! Versions that triggers keep, for [`tower_conditional`] over any driver.
//!
//! The crate has no driver and no async code. It has the text of the migration
//! ([`postgres::Schema`], [`sqlite::Schema`]) and of each statement
//! ([`postgres::Statements`], [`sqlite::Statements`]). It converts the value that a
//! statement returns to a [`Current`](tower_conditional::Current).
//!
//! The crates `tower-conditional-postgres` and `tower-conditional-sqlite` are complete
//! stores that use it. Use this crate with another driver, such as sqlx or diesel.
//!
//! # The migration
//!
//! ```
//! use tower_conditional_sql::{Watch, postgres::Schema};
//!
//! # fn run() -> Result<(), tower_conditional_sql::InvalidSchema> {
//! let watch = Watch::table("notes").each_row("id").whole_table();
//! let schema = Schema::new().watch(watch)?;
//! let migration = schema.sql(); // may run at every start
//! let check = schema.verify_sql(); // at every start: each row of the result is a fault
//! # let _ = (migration, check);
//! # Ok(())
//! # }
//! # run().unwrap();
//! ```
//!
//! # A source
//!
//! A source runs one statement. In this example `client.value` returns the value of
//! one row:
//!
//! ```
//! use http::request::Parts;
//! use tower_conditional::{BoxError, Current, ValidatorSource, route::Route};
//! use tower_conditional_sql::{Scope, postgres::Statements};
//!
//! # struct Client;
//! # impl Client {
//! #     async fn value(&self, _: &str, _: [&str; 2]) -> Result<Vec<u8>, BoxError> {
//! #         Ok(Vec::new())
//! #     }
//! # }
//! struct Notes {
//!     client: Client,
//!     route: Route, // "/notes/{id}"
//!     statements: Statements,
//! }
//!
//! impl ValidatorSource for Notes {
//!     type Error = BoxError;
//!
//!     async fn current(&self, request: &Parts) -> Result<Current, BoxError> {
//!         let Some(id) = self.route.parameter::<i64>(request, "id") else {
//!             return Ok(Current::Unknown);
//!         };
//!         let scope = Scope::row("notes", id);
//!         let params = [&*Statements::scope_text(&scope), scope.watch_key()];
//!         let versions = self.client.value(self.statements.read(), params).await?;
//!         Ok(self.statements.current(&scope, versions)?)
//!     }
//! }
//! ```
//!
//! `examples/other_drivers` of the repository has sources over sqlx and diesel.
//!
//! # A handler that labels its content
//!
//! If the tag is read before the content, it may be older than the content. So read both
//! in one statement, with [`versions_column`](postgres::Statements::versions_column) as
//! one of its columns.
//!
//! # A guarded write
//!
//! Compare and write in one transaction that keeps other writers out:
//!
//! - SQLite: begin with `BEGIN IMMEDIATE`, read the state, compare it with
//!   [`Expected::check`](tower_conditional::handler::Expected::check), write and commit.
//!   After the error of any statement, stop. SQLite rolls back the whole transaction for
//!   some errors, and later statements would then commit one by one.
//! - PostgreSQL: see [`postgres::Statements`](postgres::Statements#a-guarded-write).
//!
//! [`Current::Unknown`](tower_conditional::Current::Unknown) means that the key has
//! another spelling. Refuse the write, since the row may exist.

mod error;
pub mod postgres;
mod scope;
mod spelling;
pub mod sqlite;
mod watch;

pub use error::{InvalidSchema, ScopeError};
pub use scope::Scope;
pub use watch::Watch;

/// The examples of the README, compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct SqlReadme;
