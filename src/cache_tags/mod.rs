//! Middleware that adds cache tags to responses, and purges caches after a write.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::{convert::Infallible, time::Duration};
//!
//! use bytes::Bytes;
//! use http::{Request, Response, request::Parts};
//! use http_body_util::Full;
//! use tower::{Service, ServiceBuilder};
//! use tower_conditional::{
//!     cache_tags::{CacheTags, TagField},
//!     purge::{Purge, PurgeQueue},
//!     CacheTagsLayer,
//! };
//!
//! async fn handle(_: Request<()>) -> Result<Response<Full<Bytes>>, tower::BoxError> {
//!     let mut response = Response::new(Full::from("hello"));
//!     // A tag that only the handler knows.
//!     response.extensions_mut().insert(CacheTags::of(["author-7"])?);
//!     Ok(response)
//! }
//!
//! let notes = CacheTags::of(["notes"])?;
//! let source = move |request: &Parts| match request.uri.path().starts_with("/notes") {
//!     true => notes.clone(),
//!     false => CacheTags::new(),
//! };
//!
//! // In place of a `purge::HttpPurger`.
//! let queue = PurgeQueue::new(|purge: Purge| async move {
//!     println!("purge {purge:?}");
//!     Ok::<_, Infallible>(())
//! });
//!
//! let layer = CacheTagsLayer::new(source)
//!     .fields([TagField::CacheGroups, TagField::Xkey])
//!     .purge(queue)
//!     .purge_timeout(Duration::from_secs(1));
//! let mut service = ServiceBuilder::new().layer(layer).service_fn(handle);
//!
//! let read = service.call(Request::get("/notes/1").body(())?).await?;
//! assert_eq!(read.headers()["cache-groups"], r#""notes", "author-7""#);
//! assert_eq!(read.headers()["xkey"], "notes author-7");
//!
//! // The response is sent once the cache is purged, or after a second.
//! let written = service.call(Request::put("/notes/1").body(())?).await?;
//! assert_eq!(written.headers()["cache-group-invalidation"], r#""notes", "author-7""#);
//! # Ok(())
//! # }
//! # #[cfg(feature = "tokio")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! For reads and writes, the layer calls the [`CacheTagSource`] before the service.
//! [`CacheTags`] in the extensions of the response add tags that only the handler knows.
//!
//! ## Reads
//!
//! A response to `GET`, `HEAD` or `QUERY` gets the tags in each of the
//! [`fields`](CacheTagsLayer::fields), in addition to those that the handler wrote. The status
//! makes no difference, since caches store a 404 too.
//!
//! A 304 is left unchanged: the stored response keeps its tags (RFC 9111, section 3.2).
//! `Cache-Group-Invalidation` is removed, since it has no meaning for a safe method (RFC 9875,
//! section 3).
//!
//! ## Writes
//!
//! All methods that are not known to be safe are writes. The result decides (RFC 9111, section
//! 4.4):
//!
//! | Result | `Cache-Group-Invalidation` | Purge |
//! |---|---|---|
//! | 2xx, 3xx | yes, if `Cache-Groups` is among the fields | yes |
//! | 4xx except the ones below | no | no |
//! | 5xx, 408, an error, a panic, a client that disconnected | no | yes |
//! | 409 `sealed`, `outcome-unknown` or `expired` of an `IdempotencyLayer`; a 4xx with `Commit::Unknown` | no | yes |
//!
//! In the last two rows the write may have happened, and an unneeded purge does no harm.
//!
//! The replay of an `IdempotencyLayer` purges too, since the first purge may have been lost. A
//! replay has no tags of the handler, which are not recorded. So name the tags of a write in the
//! source, if a lost purge must be made good by a retry.
//!
//! Some writes go on when their client disconnects: with an `Idempotency-Key`, in a
//! `ValidatorCacheLayer`, under a lock, and in `Detached::finish`. The same holds after a response
//! such as that of a timeout. There is one purge with the response, or as the client disconnects.
//! Another comes at the end of the write, by the result in the table. The layer does not see the end of
//! a write in a task of your own (`tokio::spawn`): use `Detached::finish`, or put the layer inside.
//!
//! A purge has the tags and the target of the write. It also has the URIs in `Location` and
//! `Content-Location` with the same origin. It goes to the `PurgeQueue` in
//! `CacheTagsLayer::purge` (feature `tokio`). With `CacheTagsLayer::purge_timeout` the response
//! waits for it.
//!
//! Other safe methods and `CONNECT` pass unchanged. So do the requests in
//! [`CacheTagsLayer::reads`], such as a query sent with `POST`.
//!
//! # Layer order
//!
//! Put authentication outside of the layer: a client can purge by starting a write and
//! disconnecting. Put everything that refuses or answers writes inside, such as `stack()`,
//! `IdempotencyLayer` and timeouts, so that the layer sees the result of each write. The 503 or
//! 408 of a timeout purges.
//!
//! The target must be the URI that the cache uses. It is the URI of the request here, or, with
//! the feature `axum`, the one before `Router::nest` removed a prefix ([`target`](crate::target)).
//! `Host` must be that of the cache too.
//!
//! # Limits
//!
//! The limits depend on the header: see [`TagField`]. In `Cache-Groups` and
//! `Cache-Group-Invalidation`, a tag of more than 32 characters is replaced by its digest.
//!
//! All tags are written, even beyond the limits, since a response without its tag cannot be
//! purged. The feature `tracing` emits an event for more than 32 tags in `Cache-Groups`, or
//! more than 16,384 bytes of tags in another header. Both can happen if source and handler add
//! tags.
//!
//! A gRPC call is a `POST`, so each is a write, also if it fails. Name the calls that only read in
//! [`CacheTagsLayer::reads`], or merge the gRPC routes outside of the layer.
//!
//! # Errors
//!
//! The layer adds no errors. A purge that fails changes no response: the queue counts it.
//!
//! # What it does not do
//!
//! Purges are best effort, and a cache that fetches a representation during the write may store
//! the old one. See [`purge`](crate::purge) for both.
//!
//! `Cache-Group-Invalidation` reaches only caches on the path of the write. If a handler writes
//! it, it is sent, and its groups are not purged.
//!
//! Tags that only the handler knows are missing on a 304 that a source made before the handler
//! ran. If they have changed, the cache keeps the old ones. So let the validator depend on
//! everything that the tags depend on.
//!
//! The layer does not see a write in a task of your own, or in a job of a store's `Database`. If the
//! client disconnects, such a write may end after its purge. Await it in `Detached::finish`, and
//! another purge comes at its end. Nor does the layer see a write while the content of the response
//! is sent, since the purge is queued with the head. Set `PurgeLimits::repeat_after` in that case.

mod action;
mod config;
mod future;
mod layer;
#[cfg(feature = "tokio")]
mod pending_purge;
mod service;
#[cfg(test)]
mod tests;

pub use crate::{
    purge::tag_source::CacheTagSource,
    semantics::caching::cache_tags::{CacheTag, CacheTags, InvalidCacheTag, TagField},
};
pub use {future::ResponseFuture, layer::CacheTagsLayer, service::CacheTagsService};

/// A future that resolves when the purge is done, or after the timeout.
type PurgeWait = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
