//! Checks the conditions of writes before they are performed: 412 for a stale
//! `If-Match`, 428 where a condition is required and there is none.
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
//! // Stands for a read of a version column.
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
//! Around a router, with its own `GET` in place of a source, and with a lock that makes
//! check and write one step within this process. Inside of a router, name the service
//! that is asked ([below](#layer-order)):
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
//! # What it does
//!
//! Safe methods pass. Of every other request that carries `If-Match`,
//! `If-None-Match` or `If-Unmodified-Since` it asks the source for the current
//! state, evaluates in the order of RFC 9110, section 13.2.2, and only then
//! lets the service run. No decision waits for the content, so a refused upload with
//! `Expect: 100-continue` is never sent. Other content of a refused request is
//! [read and thrown away](crate::refusal#the-content-of-a-refused-request).
//!
//! - A false condition is 412. It carries the current tag where a source knows it, and
//!   as a problem of RFC 9457 the tags that were expected. With
//!   [`SelfGet::writers_may_read`](crate::source::SelfGet::writers_may_read) it carries
//!   the current representation and its tag, so that a client can merge and try again at
//!   once, and with the feature `axum`, by which the [target](crate::target) is known,
//!   `Content-Location`, which says that the content is that of the target;
//!   `Prefer: return=minimal` leaves it out (RFC 8144, section 3.2). The `GET` runs all the
//!   same, since it tells whether this client may see the tag.
//! - No condition where one is [required](PreconditionLayer::require) is 428
//!   (RFC 6585), which names the field to send.
//! - Both are `no-store`.
//! - An `If-Match` or `If-None-Match` without one well-formed member is 412,
//!   whatever the state is and even where it is unknown: `If-None-Match: true` is
//!   a guard that was misspelt, and must not overwrite.
//! - Where nothing exists and the method would not
//!   [create](PreconditionLayer::creates) it, a false or missing condition is 404.
//! - Where nothing is known the request goes on as it came, conditions included, if no
//!   condition is required. If one is, a source that does not know the target may have
//!   met another spelling of it: that is 412, unless
//!   [the handler compares](PreconditionLayer::proceed_when_unknown). The same goes for
//!   a [`SelfGet`](crate::source::SelfGet) whose `GET` is redirected, if it is not said
//!   that writers may read.
//! - A failed source is 503 with `Retry-After: 1`. If an extractor of `source::axum`
//!   rejects the request, the client gets the rejection.
//! - Never is there a 412 for a request without a condition: a handler's
//!   [`PreconditionFailed`](crate::handler::PreconditionFailed) then becomes a
//!   409.
//!
//! # Check and write in one step
//!
//! Between the check and the write another writer may come. What closes the
//! gap is one of three, each with a guarantee of its own:
//!
//! | | Guarantee | Cost |
//! |---|---|---|
//! | [`Expected`](crate::handler::Expected), compared by the handler's own `UPDATE .. WHERE version = ..` | no lost update across all replicas, and against every writer that moves the version | a condition in the handler's SQL |
//! | the transaction helper of the crates for PostgreSQL and SQLite | the same | the handler writes through the transaction that it is given |
//! | `PreconditionLayer::lock` (feature `tokio`) | no lost update among the requests of this process | a place in a queue |
//!
//! Without any of them the check only narrows the gap. The layer cannot see
//! that a handler compares, unless it takes its `Expected`: a conditional write
//! that succeeds with an `Expected` that nobody used is reported, and
//! [`Unchecked::Fail`] makes it fail in tests. A handler that compares by other means
//! needs neither: [`check_only`](PreconditionLayer::check_only).
//!
//! # Layer order
//!
//! A request that would be refused without a condition must be refused with one (RFC
//! 9110, section 13.2.1). So authentication and authorisation belong outside,
//! as do layers that answer 415 or a redirect from the head of a request, and
//! the routing that answers 404 and 405. `axum` has a place that is inside of
//! all that, on the methods of one route:
//!
//! ```
//! # use axum::{Router, routing::{get, put}};
//! # use tower_conditional::{PreconditionLayer, source::SelfGet};
//! # async fn read() {}
//! # async fn write() {}
//! # let authorisation = tower::layer::layer_fn(|service| service);
//! let reads: Router = Router::new()
//!     .route("/notes/{id}", get(read))
//!     .layer(authorisation.clone());
//! // The `GET` of this service is refused to whom a client's own would be.
//! let current = SelfGet::of(reads.clone()).writers_may_read();
//!
//! let guard = PreconditionLayer::self_get(current).require();
//! let writes = Router::new()
//!     .route("/notes/{id}", put(write).route_layer(guard))
//!     .layer(authorisation);
//! let app = reads.merge(writes);
//! # let _: Router = app;
//! ```
//!
//! `MethodRouter::route_layer` leaves a method that the route does not have to
//! the router's 405; `Router::route_layer` and `Router::layer` wrap that answer
//! too, and a required condition would come before it.
//!
//! A client that may write need not be allowed to read. The service that
//! [`SelfGet`](crate::source::SelfGet) asks refuses whom a client's own `GET` would be
//! refused, as above, or leave out `writers_may_read`: the 412 then shows nothing of the
//! answer, and its client needs a `GET` to try again.
//!
//! The source has to know what reads tell. A date with which there is nothing to
//! compare is ignored, and counts as no condition (RFC 9110, section 13.1.4): if
//! a handler adds `Last-Modified` and the source knows tags alone,
//! `If-Unmodified-Since` refuses nothing, and is 428 where a condition is
//! required.
//!
//! A layer that retries, or that answers a retried write from what it
//! remembers, belongs outside. An [`EtagLayer`](crate::EtagLayer) that the
//! source depends on belongs inside.
//!
//! # What it does not promise
//!
//! If the client leaves, its request is dropped, wherever the handler is: work that
//! must not be done by half belongs in a transaction, or in
//! `Detached::finish` (feature `tokio`). Under a `PreconditionLayer::lock` the
//! layer sees to that. Such writes end with the runtime unless they are awaited: give
//! the layer a handle with `PreconditionLayer::detached`, and await its
//! `idle` after the server has shut down.
//!
//! It evaluates nothing on reads; see [`ConditionalLayer`](crate::ConditionalLayer).
//! It knows no WebDAV `If` field, which passes as it is. A condition says
//! nothing about a retry: whose answer got lost gets 412 for the same request
//! sent again, since the write has happened.

mod answer;
mod check;
mod config;
mod future;
mod guard;
mod layer;
#[cfg(feature = "tokio")]
mod lock;
mod performed;
mod refuse;
mod service;
#[cfg(test)]
mod tests;
mod write;

#[cfg(feature = "tokio")]
pub use lock::Locked;
pub use {
    config::Unchecked, future::ResponseFuture, layer::PreconditionLayer, service::Precondition,
};
