//! Versioned resources in axum: the layers of reads and writes in their places.
//!
//! ```
//! use axum::{
//!     Router,
//!     extract::{Path, State},
//!     http::StatusCode,
//!     response::Result,
//!     routing::{get, put},
//! };
//! use tower_conditional::{
//!     ConditionalLayer, EntityTag, VersionTags,
//!     handler::{Expected, Validated},
//!     resource::{guard, wrap},
//!     source,
//! };
//! # #[derive(Clone)]
//! # struct Db;
//! # impl Db {
//! #     async fn version(&self, _: i64) -> Result<Option<i64>, std::convert::Infallible> { Ok(Some(7)) }
//! #     async fn note(&self, _: i64) -> Option<(String, i64)> { None }
//! #     async fn update(&self, _: i64, _: String, _: Option<Vec<i64>>) -> Option<String> { None }
//! # }
//!
//! fn tags(id: i64) -> VersionTags {
//!     VersionTags::of("notes", id)
//! }
//!
//! // SELECT version FROM notes WHERE id = ..
//! async fn version(Path(id): Path<i64>, State(db): State<Db>) -> Option<EntityTag> {
//!     let version = db.version(id).await.ok()??;
//!     Some(tags(id).number(version))
//! }
//!
//! // SELECT text, version FROM notes WHERE id = ..
//! async fn read(
//!     Path(id): Path<i64>,
//!     State(db): State<Db>,
//! ) -> Result<Validated<String>, StatusCode> {
//!     let (text, version) = db.note(id).await.ok_or(StatusCode::NOT_FOUND)?;
//!     Ok(Validated(text, tags(id).number(version).into()))
//! }
//!
//! // UPDATE notes SET .. WHERE id = ..
//! //   AND ($1::bigint[] IS NULL OR version = ANY ($1)) RETURNING text
//! async fn write(
//!     Path(id): Path<i64>,
//!     State(db): State<Db>,
//!     expected: Expected,
//!     text: String,
//! ) -> Result<String> {
//!     let row = db.update(id, text, expected.versions_of(&tags(id))).await;
//!     // No row changed: 412 if the request has a condition, otherwise 404.
//!     Ok(expected.confirm_written(row)?.ok_or(StatusCode::NOT_FOUND)?)
//! }
//!
//! fn app(db: Db) -> Router {
//!     let version = source::axum(version).with_state(db.clone());
//!     let note = guard(version, get(read), put(write)).with_state(db);
//!     Router::new().route("/notes/{id}", note)
//! }
//!
//! # async fn run(listener: tokio::net::TcpListener, db: Db) -> std::io::Result<()> {
//! axum::serve(listener, wrap(app(db), ConditionalLayer::new()).into_make_service()).await
//! # }
//! ```
//!
//! # How it works
//!
//! [`guard`] puts a [`ConditionalLayer`](crate::ConditionalLayer) on the methods of the
//! reads and a [`PreconditionLayer`](crate::PreconditionLayer) on those of the writes, and
//! both ask one source. A request is answered by the first of these that applies:
//!
//! | Answer | From |
//! |---|---|
//! | 404 for a path, 405 with `Allow` for a method | the router |
//! | 401, 403, 429 .. | [`layer_reads`](GuardedResource::layer_reads) and [`layer_writes`](GuardedResource::layer_writes) |
//! | 400 where an extractor of the source rejects a write | the source |
//! | 503 for a write whose source fails, unless the route's `GET` tells its state | the layer of the writes |
//! | 404 for a `PATCH` or `DELETE` of what does not exist | the layer of the writes |
//! | 428 for a `PUT`, `PATCH` or `DELETE` without a condition | the layer of the writes |
//! | 304, or 412 with the current representation | the layers |
//! | everything else, and the 412 of a write that another one has overtaken | the handler |
//!
//! A handler's extractors come last. So authorisation by an extractor of the handler alone
//! comes after a 304, a 412 and a 428: put it into a layer.
//!
//! The representation in a 412 is the answer of the route's own `GET` to this client,
//! inside of [`layer_reads`](GuardedResource::layer_reads). If that refuses, finds nothing or
//! fails, the 412 shows neither the representation nor its tag.
//!
//! If the source fails or does not know the state, a read goes to its handler, and a write
//! is checked against the answer of that `GET`. So a source that always fails shows only in
//! reads that are never answered before the handler, and in the events of the feature
//! `tracing`.
//!
//! # Check and write in one step
//!
//! The layer's check narrows the gap between check and write. The handler's
//! compare-and-set with [`Expected`](crate::handler::Expected) closes it, as above, or a
//! `PreconditionLayer::lock` does; see [`precondition`](crate::precondition).
//!
//! # Limits
//!
//! Writes are compared with the tags of the source. If the handler of the reads sets other
//! tags, every `If-Match` with one of them is a 412. One function for the tags of both, as
//! `tags` above, keeps them the same.
//!
//! A `Router` writes `content-length: 0` on a 304 of its own layers, which is wrong
//! (RFC 9110, section 8.6). A [`ConditionalLayer`](crate::ConditionalLayer) around the
//! router puts that right: see [`wrap`].
//!
//! # What it does not do
//!
//! It adds no cache policy and hashes nothing; those layers go around the router or the
//! route. See [`Stack`](crate::Stack).

mod guard;
#[cfg(test)]
mod tests;
mod wrap;

pub use guard::{GuardedResource, guard};
pub use wrap::{ResponseFuture, WrappedRouter, wrap};
