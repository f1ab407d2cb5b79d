//! Versioned resources in axum: the layers of reads and writes in the right places.
//!
//! [`guard`] adds 304s for reads, and optimistic concurrency control against lost updates for
//! writes. One call per route is enough, with one source of versions.
//!
//! # Example
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
//!     BoxError, ConditionalLayer, EntityTag, VersionTags,
//!     handler::{Expected, WithValidators},
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
//! async fn version(
//!     Path(id): Path<i64>,
//!     State(db): State<Db>,
//! ) -> Result<Option<EntityTag>, BoxError> {
//!     // An error is passed on: `None` would say that the note is absent.
//!     Ok(db.version(id).await?.map(|version| tags(id).number(version)))
//! }
//!
//! // SELECT text, version FROM notes WHERE id = ..
//! async fn read(
//!     Path(id): Path<i64>,
//!     State(db): State<Db>,
//! ) -> Result<WithValidators<String>, StatusCode> {
//!     let (text, version) = db.note(id).await.ok_or(StatusCode::NOT_FOUND)?;
//!     Ok(WithValidators(text, tags(id).number(version).into()))
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
//!     let note = guard(version, get(read), put(write))
//!         .configure_writes(|layer| layer.creates([])) // a PUT to an absent note is 404
//!         .with_state(db);
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
//! [`guard`] puts a [`ConditionalLayer`](crate::ConditionalLayer) on the methods of the reads
//! and a [`PreconditionLayer`](crate::PreconditionLayer) on those of the writes. Both use one
//! source. The first row that applies answers a request:
//!
//! | Answer | From |
//! |---|---|
//! | 404 for a path, 405 with `Allow` for a method | the router |
//! | 401, 403, 429 .. | [`layer_reads`](GuardedResource::layer_reads) and [`layer_writes`](GuardedResource::layer_writes) |
//! | 400 if an extractor of the source rejects a write | the source |
//! | 503 for a write whose source fails, unless the route's `GET` shows the state | the layer of the writes |
//! | 404 for a `PATCH` or `DELETE` of an absent resource, or any method that does not [create](crate::PreconditionLayer::creates) | the layer of the writes |
//! | 428 for a `PUT`, `PATCH` or `DELETE` without a condition | the layer of the writes |
//! | 304, or 412 with the current representation | the layers |
//! | everything else, and the 412 to a write whose handler finds a newer state | the handler; the layer adds the current representation to the 412 |
//!
//! A handler's extractors come last. So authorization by an extractor of the handler alone
//! comes after a 304, a 412 and a 428. Use a layer for it.
//!
//! If a handler finds nothing to change, and the route's own `GET` is still a 404, the 412 of
//! [`confirm_written`](crate::handler::Expected::confirm_written) becomes a 404.
//!
//! The representation in a 412 is the response of the route's own `GET` to this client,
//! inside [`layer_reads`](GuardedResource::layer_reads). If that `GET` is refused, finds
//! nothing or fails, the 412 has neither the representation nor its tag.
//!
//! ## Lost updates
//!
//! The layer's check narrows the gap between check and write. One of two things closes it:
//! the handler's compare-and-set with [`Expected`](crate::handler::Expected), as above, or
//! a [`lock`](crate::PreconditionLayer::lock). See [`precondition`](crate::precondition).
//!
//! # Limits
//!
//! Writes are compared with the tags of the source. If the handler of the reads sets other
//! tags, every `If-Match` with one of them is a 412. Use one function for both, such as `tags`
//! in the example.
//!
//! If the source fails or does not know the state, a read goes to its handler. A write is
//! checked against the route's own `GET`. So a source that always fails has only two symptoms:
//! no read is answered before the handler runs, and the feature `tracing` emits events.
//!
//! A `Router` writes `content-length: 0` on a 304 of its own layers, which is wrong (RFC
//! 9110, section 8.6). A [`ConditionalLayer`](crate::ConditionalLayer) around the router
//! corrects it; see [`wrap`].
//!
//! # What it does not do
//!
//! It adds no cache policy and hashes nothing. Put those layers around the router or the
//! route; see [`Stack`](crate::Stack).

mod guard;
#[cfg(test)]
mod tests;
mod wrap;

pub use guard::{GuardedResource, guard};
pub use wrap::{ResponseFuture, WrappedRouter, wrap};
