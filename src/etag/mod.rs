//! Middleware that gives responses an `ETag` made from their content.
//!
//! # Example
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
//! All parts of a tag can be configured:
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
//! # How it works
//!
//! The layer tags the response to a `GET`, `HEAD` or `QUERY` with status 200 and a known
//! length, up to [a limit](EtagLayer::max_body_bytes). The length is known if the body's size
//! hint is exact. The layer hashes the frames of the body and keeps them as they are. The
//! response is sent after the last frame.
//!
//! Everything else passes at once, without buffering:
//!
//! - a response with an `ETag`, since a handler's own tag always wins,
//! - a response of unknown length, even with an upper bound,
//! - server-sent events and gRPC,
//! - parts (`Content-Range`),
//! - `Cache-Control: no-store` and `Incremental: ?1`,
//! - errors,
//! - every response to a method that is not safe: its body is not the representation that a tag
//!   would identify (RFC 9110, section 8.8).
//!
//! If a handler knows a digest of its content, it adds a [`ContentDigest`]. The body is
//! then not read.
//!
//! [`EtagLayer::repr_digest`] adds `Repr-Digest` (RFC 9530) from the same hash, so that clients can
//! verify that they have all bytes.
//!
//! With the feature `json`, `EtagLayer::canonical_json` makes weak tags from the canonical form of
//! JSON (RFC 8785). Two replicas that write one object in two orders then have one tag.
//! `EtagLayer::ignoring` leaves members out that change with each response.
//!
//! A `HEAD` gets the tag of the `GET` if the service answers it with the content, as an
//! `axum` router does beneath `Router::layer`. If the service sends no content, the
//! response gets no tag; see
//! [`ConditionalLayer::head_as_get`](crate::ConditionalLayer::head_as_get).
//!
//! # Layer order
//!
//! A [`ConditionalLayer`](crate::ConditionalLayer) belongs outside, to answer 304. A layer that
//! changes the bytes, such as compression, belongs between the two, with
//! [`weak`](EtagLayer::weak) tags here. Compression inside makes the length unknown, so there
//! is no tag.
//!
//! # Limits
//!
//! - The layer waits for slow content. A timeout layer outside limits that wait.
//! - A body with more or fewer bytes than its announced length passes whole and without a tag.
//!   It still announces the same length, so the server fails as it does without the layer.
//! - Hashing yields to other tasks after 128 frames at most, and after
//!   [`YIELD_AFTER`](ContentHasher::YIELD_AFTER) bytes of the hash.
//! - A canonical form takes about as much memory as the content, and up to five times as much if
//!   its numbers have exponents. Without tokio, making it does not yield. With tokio, a thread for
//!   blocking work makes the form of more than 32 KiB.
//! - A tag from a hash is known only after the handler has run. It comes too late to check the
//!   condition of a write.
//!
//! # Errors
//!
//! The layer answers no request itself. An error of the body reaches the client after the
//! same bytes as without the layer.
//!
//! # What it does not do
//!
//! It does not keep the text of a tag the same across releases of this crate. After an
//! update, clients fetch the content once more.
//!
//! It hashes no content only for a digest. A response whose tag comes from the handler or from a
//! source gets a `Repr-Digest` only if it has a `ContentDigest`.

mod body_hash;
#[cfg(feature = "json")]
mod canonical_config;
#[cfg(feature = "json")]
mod canonical_hash;
mod content;
mod context;
mod digest;
mod future;
mod hash;
mod layer;
mod pending;
mod repr_digest;
mod service;
mod tag;
#[cfg(test)]
mod tests;

#[cfg(feature = "json")]
pub use crate::semantics::canonical_json::InvalidPointer;
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
