//! Gives responses an entity tag made from their content.
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, header};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_conditional::EtagLayer;
//!
//! async fn handle(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(Response::new(Full::from("hello")))
//! }
//!
//! let service = ServiceBuilder::new()
//!     .layer(EtagLayer::new())
//!     .service_fn(handle);
//! let response = service.oneshot(Request::get("/").body(())?).await?;
//! // 128 bits in base64url between two quotes.
//! assert_eq!(response.headers()[header::ETAG].len(), 24);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! Everything about the tags can be chosen:
//!
//! ```
//! use http::header;
//! use tower_conditional::EtagLayer;
//!
//! let layer = EtagLayer::new()
//!     .weak()
//!     .max_body_bytes(256 * 1024)
//!     .keyed(b"a secret that all replicas share")?
//!     .build_id("2026-11-20")
//!     .contributors([header::CONTENT_TYPE]);
//! # Ok::<_, tower_conditional::validator::WeakSecret>(())
//! ```
//!
//! # What it does
//!
//! The response to a `GET`, `HEAD` or `QUERY` with status 200, of a length that is
//! known not to exceed [a limit](EtagLayer::max_body_bytes). Its frames are kept as
//! they came and hashed; the response goes out when the last one is there.
//! The length is known if the body's size hint is exact.
//!
//! Everything else passes through at once, with no byte held back: a response
//! that has an `ETag` already, since a handler's own tag always wins; one of
//! unknown length, also if it has an upper bound; server-sent events and gRPC; parts
//! (`Content-Range`); `Cache-Control: no-store`; `Incremental: ?1`; errors; and
//! every response to a method that is not safe, where a hash of the body would describe
//! the wrong thing (RFC 9110, section 8.8).
//!
//! A body that turns out longer or shorter than it announced goes out whole and
//! untagged. It still announces the same length, so the server fails as it would
//! without the layer. A body that breaks, breaks for the client too, after the
//! same bytes. BodyHash lets other tasks run after 128 frames at most, and after
//! as many bytes as [the hash](ContentHasher::YIELD_AFTER) says. A handler
//! that knows a digest of its content says so with [`ContentDigest`]; the body
//! is then not touched.
//!
//! Content that is slow to come is waited for, within the limit, so a timeout
//! further out also limits that.
//!
//! A `HEAD` request gets the tag of the `GET` where the service answers it with
//! the content still there, as an `axum` router does beneath `Router::layer`.
//! Where the service sends no content it gets none, rather than the tag of
//! nothing; see [`ConditionalLayer::head_as_get`](crate::ConditionalLayer::head_as_get).
//!
//! # What it needs from its neighbours
//!
//! [`ConditionalLayer`](crate::ConditionalLayer) outside, which answers 304.
//! A layer outside that changes the bytes, such as compression, needs
//! [`weak`](EtagLayer::weak) tags here; its place is between the two layers.
//! Compression inside makes the length unknown, so there is no tag.
//!
//! # What it does not promise
//!
//! The exact text of a tag may change with any release of this crate. Clients
//! then fetch once more; nothing breaks.
//!
//! A tag from a hash is known only after the handler has run. It says nothing
//! in time about whether a write may go ahead.

mod body_hash;
mod digest;
mod future;
mod hash;
mod layer;
mod service;
mod tag;
#[cfg(test)]
mod tests;

#[cfg(feature = "blake3")]
pub use hash::Blake3;
#[cfg(feature = "xxh3")]
pub use hash::Xxh3;
pub use {
    digest::ContentDigest,
    future::ResponseFuture,
    hash::{ContentHasher, Sha256},
    layer::EtagLayer,
    service::Etag,
};
