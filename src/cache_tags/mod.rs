//! Names responses for caches, and has them forgotten after a write.
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
//!     // What only the handler knows.
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
//! // In place of `purge::HttpPurger`:
//! let queue = PurgeQueue::new(|purge: Purge| async move {
//!     println!("forget {purge:?}");
//!     Ok::<_, Infallible>(())
//! });
//!
//! let layer = CacheTagsLayer::new(source)
//!     .fields([TagField::CacheGroups, TagField::Xkey])
//!     .purge(queue)
//!     .wait(Duration::from_secs(1));
//! let mut service = ServiceBuilder::new().layer(layer).service_fn(handle);
//!
//! let read = service.call(Request::get("/notes/1").body(())?).await?;
//! assert_eq!(read.headers()["cache-groups"], r#""notes", "author-7""#);
//! assert_eq!(read.headers()["xkey"], "notes author-7");
//!
//! // Answered once the cache has forgotten, or after a second.
//! let written = service.call(Request::put("/notes/1").body(())?).await?;
//! assert_eq!(written.headers()["cache-group-invalidation"], r#""notes", "author-7""#);
//! # Ok(())
//! # }
//! # #[cfg(feature = "tokio")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # What it does
//!
//! The [`CacheTagSource`] is asked before the service is called, whether the
//! request reads or writes. [`CacheTags`]
//! in the response's extensions add what only the handler knows.
//!
//! **A read** (`GET`, `HEAD`, `QUERY`) gets the tags in each of the
//! [`fields`](CacheTagsLayer::fields), beside what the handler wrote there,
//! whatever its status: caches store a 404 too. A 304 is left alone, for the
//! stored response keeps the tags that it has (RFC 9111, section 3.2).
//! `Cache-Group-Invalidation` is taken away, which means nothing here (RFC
//! 9875, section 3).
//!
//! Each field has limits of its own: see [`TagField`].
//! A tag of more than 32 characters is spelled by its digest in `Cache-Groups` and
//! `Cache-Group-Invalidation`. All tags are written, however many there are, since a tag left
//! out would be a response that nobody can purge. With the feature `tracing`, more than 32 of
//! them in `Cache-Groups` are an event, and so are more than 16,384 bytes of them elsewhere,
//! as they may be where source and handler together say them.
//!
//! **A write**, which is any method that is not known to be safe, depends on
//! what became of it (RFC 9111, section 4.4):
//!
//! | Outcome | `Cache-Group-Invalidation` | Purge |
//! |---|---|---|
//! | 2xx, 3xx | yes, if `Cache-Groups` is among the fields | yes |
//! | 4xx but 408 | no | no |
//! | 5xx, 408, an error, a panic, a client that left | no | yes |
//!
//! The last row is that of writes which may have happened: to forget too much
//! is safe. A purge names the tags, the target, and what the response says in
//! `Location` and `Content-Location` of the same origin. It goes to the
//! `PurgeQueue` given to `CacheTagsLayer::purge`, with the feature `tokio`, and
//! `CacheTagsLayer::wait` lets the response wait for it.
//!
//! Other safe methods and `CONNECT` pass, and so do the requests that
//! [`CacheTagsLayer::reads`] knows, such as a query sent with `POST`.
//!
//! # What it needs from its neighbours
//!
//! Authentication outside: whoever may begin a write and leave makes caches
//! forget. Inside everything that refuses or answers writes, such as `stack()`
//! and time-outs, so that it sees what became of them.
//!
//! The path as the cache has it: the target is the URI that arrives here, or, with
//! the feature `axum`, the one before `Router::nest` took a prefix away
//! ([`target`](crate::target)). `Host` as the cache has it.
//!
//! # What it does not promise
//!
//! Purges are best effort, and a cache that was being filled while the write
//! happened may keep the old representation: see [`purge`](crate::purge) for
//! both. `Cache-Group-Invalidation` reaches those caches alone that the write
//! went through; what a handler writes there itself is sent, and not purged.
//!
//! Tags that only the handler knows are not on a 304 that a source made before
//! the handler ran. If they have changed, the cache keeps those it has: let the
//! validator depend on whatever the tags depend on.
//!
//! A write that ends after its client left is purged when the client leaves.
//! If the write goes on without its client, as in a
//! [`PreconditionLayer`](crate::PreconditionLayer) with a lock, that is too
//! early, and `repeat_after` of the queue's limits has to make up for it. The
//! same goes for a handler that writes on while its content is being sent: the
//! purge is due when the head is there.

mod future;
mod layer;
#[cfg(feature = "tokio")]
mod pending;
mod rules;
mod service;
mod source;
mod step;
#[cfg(test)]
mod tests;

pub use crate::semantics::caching::cache_tags::{CacheTag, CacheTags, InvalidCacheTag, TagField};
pub use {
    future::ResponseFuture, layer::CacheTagsLayer, service::CacheTagging, source::CacheTagSource,
};

/// The work that a response waits for before it leaves.
type Wait = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
