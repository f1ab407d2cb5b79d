//! Versions in PostgreSQL for [`tower-conditional`](tower_conditional).
//!
//! Triggers keep a version of each row, table or group of rows, in the transaction that
//! writes. Every writer counts. The layers read the version before the handler runs, so a
//! 304 costs one read by primary key. A write with an old version gets a 412, so no update
//! is lost.
//!
//! # The migration
//!
//! A [`Schema`] returns the SQL for a migration tool, or installs it itself:
//!
//! ```no_run
//! # async fn run(client: &tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use tower_conditional_postgres::{Install, Schema, Watch};
//!
//! let watch = Watch::table("notes").each_row("id").whole_table().each_group("tenant_id");
//! let schema = Schema::new().watch(watch)?;
//! schema.install(client).await?; // or pass schema.sql() to a migration tool
//! schema.verify(client).await?; // at each start
//! # Ok(())
//! # }
//! ```
//!
//! The schema and the statements are those of `tower-conditional-sql`, which has no
//! driver. Use that crate for a driver other than `tokio-postgres`.
//!
//! # The source
//!
//! A [`VersionSource`] reads the current state for the layers. A [`QuerySource`] reads a
//! version column that the application keeps itself. [`ScopeState`] and [`EventLog`] read
//! the identifier of the latest state.
//!
//! ```no_run
//! # fn run(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
//! use http::request::Parts;
//! use tower_conditional::{ConditionalLayer, route::Route};
//! use tower_conditional_postgres::{Scope, VersionSource};
//!
//! let (all, one) = (Route::new("/notes")?, Route::new("/notes/{id}")?);
//! let source = VersionSource::new(pool, move |request: &Parts| {
//!     if all.matches(request.uri.path()) {
//!         return Some(Scope::table("notes"));
//!     }
//!     let id: i64 = one.parameter(request, "id")?;
//!     Some(Scope::row("notes", id))
//! });
//! let layer = ConditionalLayer::new().source(source);
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
//!
//! # Writes: compare-and-set
//!
//! With a version column, the statement that writes can compare:
//!
//! ```no_run
//! use tokio_postgres::{Client, Error};
//! use tower_conditional::{
//!     VersionTags,
//!     handler::{Expected, PreconditionFailed},
//! };
//! use tower_conditional_postgres::Scope;
//!
//! /// Returns the new version. `None` is 404, and `PreconditionFailed` is 412.
//! async fn rename(
//!     client: &Client,
//!     id: i64,
//!     text: &str,
//!     expected: Expected,
//! ) -> Result<Result<Option<i64>, PreconditionFailed>, Error> {
//!     // The same tags as in the source, so those of other notes do not match.
//!     let tags = VersionTags::plain().scope(Scope::row("notes", id));
//!     let sql = "UPDATE notes SET text = $2, version = version + 1
//!         WHERE id = $1 AND ($3::bigint[] IS NULL OR version = ANY ($3))
//!         RETURNING version";
//!     let row = client.query_opt(sql, &[&id, &text, &expected.versions_of(&tags)]).await?;
//!     Ok(expected.confirm_written(row.map(|row| row.get(0))))
//! }
//! ```
//!
//! # Writes: the guarded transaction
//!
//! With the versions of triggers, or for more than one statement, use [`Guarded`]. This
//! transaction begins only if the state is what the request expects, and keeps other
//! writers out:
//!
//! ```no_run
//! # use deadpool_postgres::Pool;
//! use tower_conditional::handler::Expected;
//! use tower_conditional_postgres::{GuardError, Guarded, Lease, Scope, Target};
//!
//! # async fn rename(pool: &Pool, id: i64, text: &str, expected: Expected) -> Result<(), GuardError> {
//! let mut lease = Lease::acquire(pool).await?;
//! let target = Target::scope(Scope::row("notes", id));
//! let tx = Guarded::begin(&mut lease, expected, target).await?;
//! tx.execute("UPDATE notes SET text = $1 WHERE id = $2", &[&text, &id]).await?;
//! tx.commit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Idempotency keys
//!
//! A [`PostgresIdempotencyStore`] keeps the records of an `IdempotencyLayer` for all replicas.
//! In a [`Keyed`] transaction, the effect of a request and its response commit together.
//!
//! A call to another service is no part of a transaction. Write it into an outbox in the
//! transaction, with [`Attempt::derive_key`](tower_conditional::idempotency::Attempt::derive_key)
//! as its key. Any number of workers send the rows after the commit:
//!
//! ```sql
//! BEGIN;
//! -- A row that another worker is sending is skipped, not waited for.
//! SELECT id, idempotency_key, message FROM outbox
//!     WHERE sent_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
//! -- Send the message here, with its key and a timeout.
//! UPDATE outbox SET sent_at = clock_timestamp() WHERE id = $1;
//! COMMIT;
//! ```
//!
//! A worker that dies between sending and marking leaves the row, and another one sends it
//! again with the same key. The example `outbox` has the table, the worker and a handler.
//!
//! # Changes for a validator cache
//!
//! Content without a version row may have a `ValidatorCache`. A [`PostgresChangeFeed`] tells it what
//! writers such as `psql` have changed, by `LISTEN` and `NOTIFY`. A 304 may be stale until the
//! notification arrives, so prefer versions where you can.
//!
//! # What it guarantees
//!
//! - **No stale 304** for watched content: the version changes in the commit that changes
//!   the content, in whatever order writers take their numbers. No number is used twice.
//!   Read version and content from the same server. A source on the primary and a handler
//!   on a replica would put new tags on old bytes.
//! - **No lost update**: compare-and-set and the guarded transaction are linearizable
//!   across all replicas of the application. The tests race 64 writers for 200 rounds on
//!   three processes with either of them. They restart and kill PostgreSQL meanwhile, and
//!   kill a writer before its commit. Check-then-act loses updates in the same race.
//!   They also run guards beside writers that are not guarded, and count the commits.
//!   Those use `UPDATE`, upsert, `INSERT`, `DELETE`, and `DELETE` or `TRUNCATE` with an
//!   `INSERT` in one transaction.
//! - **One row, one spelling**: `17` has a state, and `017` has none; see [`Scope`].
//! - **No endless wait**: a source gives up after 5 seconds by default, and a guard waits
//!   for each lock for 2 seconds. A connection on which a statement may still wait is not used
//!   again. It is closed when the statement has ended; see [`Lease`].
//! - **No guess**: if the database is slow, gone or not what the source expects, the source
//!   returns an error within its timeout.
//!
//! # Roles and row-level security
//!
//! | Role of | Rights |
//! |---|---|
//! | sources and [`Install::verify`] | `SELECT` on `conditional_versions` |
//! | writers of a watched table, guarded or not | `SELECT`, `INSERT`, `UPDATE`, `DELETE` on `conditional_versions`, and `USAGE` on the sequence `"conditional_versions/numbers"` |
//! | [`Install::install`] | ownership of the watched tables, whose rows no policy may hide from it |
//!
//! If a right is missing, writes fail and sources return an error. No row is taken for
//! absent. A role that may write versions can put an old tag on content.
//!
//! Policies of the watched table do not apply to its versions, so **no policy hides
//! them**. A [`VersionSource`] has a tag for a row even if its role or the caller may not
//! read the row. The tag of a table or group changes with such rows. So authorization must
//! run before the layers.
//!
//! Groups by the column of the policy, such as `each_group("tenant_id")`, keep tenants
//! apart. A guard admits a write to a hidden row, but the handler's `UPDATE` does not see
//! it: if it changes no row, nothing was written.
//!
//! A [`QuerySource`] and a [`Target::query`] see the rows that **their role and the
//! settings of their connection** let them see. If the handler sets `app.tenant` on its
//! connection, the connection of the source does not have it, and a hidden row looks
//! absent. The key or the policy then refuses to overwrite the row.
//!
//! Row-level security on the table of versions is refused: a hidden version would
//! make its row look absent.
//!
//! # What it does not do
//!
//! - A version covers the watched rows alone. If a page also shows other tables, the time
//!   or a release of the application, use a scope that covers all of them. Otherwise use
//!   [`VersionTags::bytes`](tower_conditional::VersionTags::bytes) in your own source.
//! - Writes with triggers switched off, and some changes of the catalog, do not
//!   change versions; see [`Schema`].
//! - After a crash with `synchronous_commit = off`, lost numbers may be used again until
//!   the schema is installed again, for example at the next start. The same is true after a
//!   backup is restored. The clock must not be behind the lost commits; see
//!   [`Schema`](Schema#repeated-installation).
//! - After a fail-over to a replica that lacks some commits, their numbers may be used
//!   again until the schema is installed again. With synchronous replication no commit is
//!   lost.
//! - `max(id)`, `max(txid)` or `max(updated_at)` of a table is no version; see
//!   [`tower_conditional::source`].

mod abandoned;
mod changes;
mod error;
mod guard;
mod idempotency;
mod install;
mod lease;
mod source;

pub use changes::PostgresChangeFeed;
pub use error::{Error, ErrorKind};
pub use guard::{GuardError, Guarded, Target};
pub use idempotency::{Keyed, KeyedError, PostgresIdempotencyStore};
pub use install::Install;
pub use lease::Lease;
pub use source::{EventLog, Param, QuerySource, ScopeState, VersionSource};
pub use tower_conditional_sql::{
    InvalidSchema, Scope, ScopeError, Watch,
    postgres::{Schema, Statements},
};

/// The examples of the README, compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct PostgresReadme;
