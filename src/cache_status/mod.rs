//! Middleware that reports in `Cache-Status` how a request was handled (RFC 9211).
//!
//! Use it for debugging: the header shows whether a 304 needed the handler.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, request::Parts};
//! use http_body_util::{Empty, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_conditional::{
//!     CacheStatusLayer, ConditionalLayer, EntityTag, source,
//! };
//!
//! // In place of a database query for the note's version.
//! let source = source::from_fn(async |_| EntityTag::strong("v1"));
//! // The proxy in front removes this header from requests of strangers.
//! let debugging = |request: &Parts| request.headers.contains_key("x-debug");
//!
//! let service = ServiceBuilder::new()
//!     .layer(CacheStatusLayer::new("notes", debugging)?)
//!     .layer(ConditionalLayer::new().source(source).explain())
//!     .service(service_fn(|_: Request<Empty<Bytes>>| async {
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("a note")))
//!     }));
//!
//! let ask = |tag| Request::get("/").header("x-debug", "1").header("if-none-match", tag);
//! let response = service.clone().oneshot(ask("\"v1\"").body(Empty::new())?).await?;
//! assert_eq!(response.headers()["cache-status"], "notes; hit");
//!
//! let response = service.oneshot(ask("\"v0\"").body(Empty::new())?).await?;
//! assert_eq!(response.headers()["cache-status"], "notes; fwd=request");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! The layers of this crate store no responses. A source of validators, or validators that were
//! remembered, let them respond with 304 before the handler runs. The layer adds a member to
//! `Cache-Status` for requests that the predicate selects. It goes after the members of caches
//! nearer to the origin:
//!
//! | Member | Meaning |
//! |---|---|
//! | `hit` | the 304 was made from the validators of the source, and the handler did not run |
//! | `hit; ttl=60` | the same from remembered validators, which live for 60 seconds more |
//! | `fwd=request` | the validators were known; the request had no condition, or one that let it pass |
//! | `fwd=miss` | the validators were not known, or there is no representation |
//! | `fwd=miss; detail=busy` | none may be remembered: a write is in progress, or another read is |
//! | `fwd=stale` | remembered validators were too old, or void after a write |
//! | `fwd=bypass` | no source was called, and nothing was looked up |
//! | `fwd=method` | a write |
//! | `..; fwd-status=200` | the handler responded with 200, and the client got a 304 |
//! | `..; stored` | the validators of the response are remembered |
//! | `..; collapsed` | the request waited for another one, and was answered with its validators |
//!
//! Errors of a layer (400, 412, 428, 503) get no member, since neither a next hop nor stored
//! knowledge led to them. The same holds for the 204 to a write that had been applied before.
//!
//! # Layer order
//!
//! Put the layer outside of all layers that [`explain`](crate::Stack::explain). It reads their
//! [`Outcome`](crate::Outcome), and a response without an outcome gets no member.
//!
//! # Limits
//!
//! Each response gets at most one member. There are no other limits.
//!
//! # Errors
//!
//! The layer adds no errors. [`CacheStatusLayer::new`] returns [`InvalidCacheName`].
//!
//! # What it does not do
//!
//! `key` is never written. No response is stored, so `ttl`, `stored` and `collapsed` are about
//! validators alone.
//!
//! A client can tell from a 304, too, that its tag is current. Only a `hit` shows that the
//! handler did not run, so restrict the header to those who may know.

mod config;
mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use crate::semantics::caching::cache_status::InvalidCacheName;
pub use {future::ResponseFuture, layer::CacheStatusLayer, service::CacheStatus};
