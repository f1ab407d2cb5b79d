//! Middleware that checks the preconditions of writes before they are performed, against
//! lost updates.
//!
//! A write with a stale `If-Match` is refused with 412. If a condition is required and missing,
//! the response is 428. Clients that send the tag they have read get optimistic concurrency
//! control: of two writers with the same tag, the second gets a 412.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::{PreconditionLayer, VersionTags, source};
//!
//! // In place of a query of a version column.
//! let source = source::from_fn(async |_| VersionTags::plain().number(7));
//!
//! let service = PreconditionLayer::new(source)
//!     .require()
//!     .layer(service_fn(|_: Request<Full<Bytes>>| async {
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("written")))
//!     }));
//!
//! let put = |tag: &'static str| Request::put("/notes/1").header(header::IF_MATCH, tag);
//! let stale = service.clone().oneshot(put("\"6\"").body(Full::default())?).await?;
//! assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED); // the service did not run
//! assert_eq!(stale.headers()[header::ETAG], "\"7\"");
//!
//! let current = service.clone().oneshot(put("\"7\"").body(Full::default())?).await?;
//! assert_eq!(current.status(), StatusCode::OK);
//!
//! let bare = Request::put("/notes/1").body(Full::default())?;
//! let bare = service.oneshot(bare).await?;
//! assert_eq!(bare.status(), StatusCode::PRECONDITION_REQUIRED);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! The following layer goes around a router. In place of a source, it calls the router's own
//! `GET`. Its lock makes check and write one step within this process. Inside a router, name
//! the service for the `GET` ([below](#layer-order)):
//!
//! ```
//! # #[cfg(feature = "tokio")] {
//! use tower_conditional::{
//!     PreconditionLayer, lock::KeyedLock, route::Route, source::SelfGet,
//! };
//!
//! let note = Route::new("/notes/{id}")?;
//! let layer = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart())
//!     .require()
//!     .lock(KeyedLock::new(), move |request| note.parameter::<i64>(request, "id"));
//! # let _ = layer;
//! # }
//! # Ok::<_, tower_conditional::route::InvalidRoute>(())
//! ```
//!
//! # How it works
//!
//! Safe methods pass. For every other request with `If-Match`, `If-None-Match` or
//! `If-Unmodified-Since`, the layer gets the current state from the source. It evaluates the
//! conditions in the order of RFC 9110, section 13.2.2, and only then lets the service run. No
//! decision waits for the content, so a client with `Expect: 100-continue` never sends a
//! refused upload. Other content of a refused request is [read and
//! discarded](crate::refusal#the-content-of-a-refused-request).
//!
//! A request without a condition never gets a 412. If its handler answers with
//! [`PreconditionFailed`](crate::handler::PreconditionFailed), the client gets a 409.
//!
//! ## The 412
//!
//! A 412 carries the current tag, if a source knows it. As a problem of RFC 9457 it also
//! carries the tags that were expected.
//!
//! With [`SelfGet::writers_may_read`](crate::source::SelfGet::writers_may_read), the 412
//! carries the current representation and its tag. The client can then merge and try again at
//! once. The feature `axum` makes the [target](crate::target) known, and adds a
//! `Content-Location` with it: the content is that of the target. `Prefer: return=minimal`
//! leaves the representation out (RFC 8144, section 3.2). The `GET` runs anyway, since its
//! status shows whether this client may see the tag.
//!
//! ## Preventing lost updates
//!
//! Another writer may come between the check and the write, and one of the two updates is
//! then lost. There are three ways to make check and write one step:
//!
//! | | Guarantee | Cost |
//! |---|---|---|
//! | [`Expected`](crate::handler::Expected), compared by the handler's own `UPDATE .. WHERE version = ..` | no lost update across all replicas, and against every writer that changes the version | a condition in the handler's SQL |
//! | the transaction helper of the crates for PostgreSQL and SQLite | the same | the handler writes through the helper's transaction |
//! | `PreconditionLayer::lock` (feature `tokio`) | no lost update among the requests of this process | a place in a queue |
//!
//! Without any of them, the check only narrows the gap. The layer cannot see whether a handler
//! compares, unless the handler takes its `Expected`. A conditional write that succeeds with an
//! unused `Expected` is reported; [`OnUnchecked::Fail`] makes it fail in tests. A handler that
//! compares by other means needs neither: see [`check_only`](PreconditionLayer::check_only).
//!
//! # Layer order
//!
//! A request that would be refused without a condition must be refused with one (RFC 9110,
//! section 13.2.1). So authentication and authorization belong outside. So do layers that
//! answer 415 or a redirect from the head of a request, and the routing that answers 404 and
//! 405. In `axum`, the methods of one route are inside all of these:
//!
//! ```
//! # use axum::{Router, routing::{get, put}};
//! # use tower_conditional::{PreconditionLayer, source::SelfGet};
//! # async fn read() {}
//! # async fn write() {}
//! # let authorization = tower::layer::layer_fn(|service| service);
//! let reads: Router = Router::new()
//!     .route("/notes/{id}", get(read))
//!     .layer(authorization.clone());
//! // This service refuses every client whose own `GET` would be refused.
//! let current = SelfGet::of(reads.clone()).writers_may_read();
//!
//! let guard = PreconditionLayer::self_get(current).require();
//! let writes = Router::new()
//!     .route("/notes/{id}", put(write).route_layer(guard))
//!     .layer(authorization);
//! let app = reads.merge(writes);
//! # let _: Router = app;
//! ```
//!
//! `MethodRouter::route_layer` leaves a method that the route does not have to the router's
//! 405. `Router::route_layer` and `Router::layer` wrap that response, too, and a required
//! condition would come before it.
//!
//! A client that may write is not always allowed to read. The service of a
//! [`SelfGet`](crate::source::SelfGet) should refuse every client whose own `GET` would be
//! refused, as above. Otherwise leave out `writers_may_read`: the 412 then shows nothing of the
//! response to that `GET`, and the client needs its own `GET` to try again.
//!
//! A layer that retries requests, or that replays the stored answer to a retried write, belongs
//! outside. An [`EtagLayer`](crate::EtagLayer) that the source depends on belongs inside.
//!
//! # Limits
//!
//! A source must know the validators that reads show. If there is no current date to
//! compare with, `If-Unmodified-Since` is ignored and counts as no condition (RFC 9110,
//! section 13.1.4). For example, a handler adds `Last-Modified`, and the source knows tags
//! only. Then `If-Unmodified-Since` refuses nothing, and is a 428 if a condition is
//! required.
//!
//! If the state is unknown and no condition is required, the request passes with its
//! conditions. If a condition is required, the response is 412: the state may be unknown only
//! because the path is spelled differently.
//! [`proceed_when_unknown`](PreconditionLayer::proceed_when_unknown) lets it pass to a handler
//! that compares. The same holds for a [`SelfGet`](crate::source::SelfGet) whose `GET` is
//! redirected, unless writers may read.
//!
//! If the client disconnects, the handler is dropped at its current await. Use a
//! transaction or `Detached::finish` (feature `tokio`) for work that must finish. Under a
//! `PreconditionLayer::lock` the layer finishes the write itself. Such writes end
//! with the runtime unless they are awaited. Give the layer a handle with
//! `PreconditionLayer::detached`, and await its `idle` after the server has shut
//! down.
//!
//! # Errors
//!
//! The handler does not run, except before the 500. 412 and 428 are `no-store`.
//!
//! - 412: a condition is false. An `If-Match` or `If-None-Match` without one well-formed
//!   member is a 412 in every state: `If-None-Match: true` is a misspelt condition, and
//!   must not overwrite.
//! - 428: a [required](PreconditionLayer::require) condition is missing (RFC 6585, section 3).
//!   The 428 names the header to send.
//! - 404: nothing exists, the method does not [create](PreconditionLayer::creates), and the
//!   condition is false or missing. Also if the handler found no row for a true condition such
//!   as `If-None-Match: *`, and the `GET` of the layer still finds nothing. A method that is
//!   passed to [`creates`](PreconditionLayer::creates) gets a 412 then: the 404 may hide a
//!   resource.
//! - 503 with `Retry-After: 1`: the source failed. If an extractor of `source::axum`
//!   rejects the request, the client gets the rejection.
//! - 503 with `Retry-After` or 500, under a lock: the wait for the
//!   lock was refused or too long, or the write held it too long.
//!
//! # What it does not do
//!
//! - It does not evaluate conditions of reads; see
//!   [`ConditionalLayer`](crate::ConditionalLayer).
//! - It does not know the header `If` of WebDAV, which passes unchanged.
//! - A condition does not make a retry safe. If the response to a write is lost, the same
//!   request gets a 412 when it is sent again, since the write has happened.

mod admitted;
mod answer;
mod check;
mod config;
mod future;
mod layer;
#[cfg(feature = "tokio")]
mod lock;
mod protection;
mod refuse;
mod service;
#[cfg(test)]
mod tests;
mod write;

#[cfg(feature = "tokio")]
pub use lock::WriteLock;
pub use {
    config::OnUnchecked, future::ResponseFuture, layer::PreconditionLayer, service::Precondition,
};
