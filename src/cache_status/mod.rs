//! Says in `Cache-Status` how a request was handled (RFC 9211): for whoever
//! wants to know whether a 304 was cheap.
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
//! // The version of the note stands for a read of its row.
//! let source = source::from_fn(async |_| EntityTag::strong("v1"));
//! // For those who ask, which a proxy in front allows to nobody else.
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
//! # What it does
//!
//! The layers of this crate keep no responses; what they know beforehand is
//! validators, and what they can answer with them is a 304. For requests that
//! the predicate holds for, a member is added to `Cache-Status` behind those of
//! caches nearer to the origin:
//!
//! | Member | What happened |
//! |---|---|
//! | `hit` | the source's validators made the 304, and the handler did not run |
//! | `fwd=request` | the source knew the validators; the request had no condition, or one that let it pass |
//! | `fwd=miss` | the source knew nothing, or that there is no representation |
//! | `fwd=bypass` | no source was asked |
//! | `fwd=method` | a write |
//! | `..; fwd-status=200` | the handler answered 200, and a 304 went out |
//!
//! An error that a layer made (400, 412, 428, 503) gets no member, nor does the
//! 204 to a write that had been applied before: no next hop and no stored
//! knowledge is behind them.
//!
//! # What it needs from its neighbours
//!
//! It reads the [`Outcome`](crate::Outcome), so the layers inside have to be
//! told to [`explain`](crate::Stack::explain). A response without an outcome
//! gets no member. Put it outside of all that explain.
//!
//! # What it does not promise
//!
//! `key`, `ttl`, `stored` and `collapsed` are never said: no response is stored
//! here. Whether a tag is current can be told from a 304 as well as from a
//! `hit`, but not whether the work behind it was done; show it to those who may
//! know.

mod config;
mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use crate::semantics::caching::cache_status::InvalidCacheName;
pub use {future::ResponseFuture, layer::CacheStatusLayer, service::CacheStatus};
