//! Middleware that remembers validators: 304 before the handler runs, without a version column.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header, request::Parts};
//! use http_body_util::{BodyExt, Full};
//! use tower::{Service, ServiceBuilder, service_fn};
//! use tower_conditional::{
//!     cache_tags::CacheTags, store::MemoryValidatorStore, validator_cache::ValidatorCache,
//!     ConditionalLayer, EtagLayer, ValidatorCacheLayer,
//! };
//!
//! // The cache is shared with whoever writes past the layer.
//! let cache = ValidatorCache::new(MemoryValidatorStore::new());
//!
//! // The pages that a request reads or changes.
//! let pages = CacheTags::of(["pages"])?;
//! let tags = move |request: &Parts| match request.uri.path().starts_with("/pages") {
//!     true => pages.clone(),
//!     false => CacheTags::new(),
//! };
//!
//! let mut service = ServiceBuilder::new()
//!     .layer(ConditionalLayer::new())
//!     .layer(ValidatorCacheLayer::new(cache.clone()).tags(tags))
//!     .layer(EtagLayer::new())
//!     .service(service_fn(|_: Request<Full<Bytes>>| async {
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//!     }));
//!
//! // The first read runs the handler, and its tag is remembered.
//! let response = service.call(Request::get("/pages/7").body(Full::default())?).await?;
//! let tag = response.headers()[header::ETAG].clone();
//! response.into_body().collect().await?;
//!
//! // The second one is answered before the handler.
//! let again = Request::get("/pages/7").header(header::IF_NONE_MATCH, &tag);
//! let response = service.call(again.body(Full::default())?).await?;
//! assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
//!
//! // A write forgets the tag before its handler runs.
//! service.call(Request::put("/pages/7").body(Full::from("new"))?).await?;
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! ## Reads
//!
//! 1. A `GET` or `HEAD` is looked up by its [key](#the-key). If the client has the remembered
//!    representation, the layer answers 304, and the handler does not run.
//! 2. Otherwise the handler runs. If there was no entry, this reader has the *lease* of the key,
//!    and its response fills the entry.
//! 3. An entry is filled by a complete 200 to a `GET` with one `ETag`. The 304 repeats its
//!    `Cache-Control`, `Content-Location`, `Expires` and `Vary` (RFC 9110, section 15.4.5).
//!
//! Content that is ready counts as complete. A stream fills the entry when it has ended without an
//! error, and with the length that it announced. A layer outside that answers 304 drops the
//! content unread. Then the entry is filled if the content announced its length.
//!
//! These are never remembered:
//!
//! - responses to `HEAD`, to `Range`, and to requests with content,
//! - other statuses than 200, and responses with `Content-Range` or `Set-Cookie`,
//! - responses with `no-store`, and with `private` unless a
//!   [`principal`](ValidatorCacheLayer::principal) is named,
//! - responses whose `Vary` names a header that [`vary`](ValidatorCacheLayer::vary) does not
//!   declare,
//! - responses whose handler chooses a [`CachePolicy`](crate::cache_policy::CachePolicy) in the
//!   extensions, which the 304 would not have,
//! - responses without a valid `ETag`. Two writes in one second have the same `Last-Modified`.
//!
//! With [`explain`](ValidatorCacheLayer::explain), the [`Outcome`](crate::Outcome) has the reason.
//!
//! ## Writes
//!
//! Every method that is not safe is a write. The layer announces it, and the store acknowledges the
//! announcement before the handler runs. From then on, the resources of the write are neither
//! answered from the cache nor remembered, until the write ends. It ends after a 5xx, a panic and a
//! failure too. If the client disconnects, the handler goes on in a task. If the process dies, the
//! announcement runs out by itself, after [`write_ttl`](ValidatorCache::write_ttl). Until then its
//! resources are slow, and never stale.
//!
//! A write touches
//!
//! - its path, with every query, host, principal and spelling,
//! - the reads with one of its [`tags`](ValidatorCacheLayer::tags),
//! - the reads without a tag, and
//! - if it has no tag itself, everything.
//!
//! So an application without any tags is right from the start, and tags make it faster. The source
//! of tags is that of a [`CacheTagsLayer`](crate::CacheTagsLayer). Tags and locations that only
//! the handler's response names are forgotten before its head is sent. If the process dies between
//! the commit and that moment, they are stale until their time to live is over.
//!
//! Spellings of a path that differ in escapes or in the case of ASCII letters are one. So are those
//! that differ in repeated slashes, or in a slash at the end. Other spellings are known to the
//! handler alone, such as `/notes/007` or `/CAFÉ`. So make tags of the parsed identifier, and not
//! of the path's text.
//!
//! ## The key
//!
//! The key is a digest of the namespace, the build, the scheme and authority, the whole path and
//! query, the declared headers and the principal. `GET` and `HEAD` have one key. Paths are compared
//! byte by byte. Below `Router::nest` the path is the client's own with the feature `axum`
//! ([`target`](crate::target)). Without the feature, give each nested service its
//! [`namespace`](ValidatorCache::namespace).
//!
//! Requests with `Authorization` or `Cookie` are not looked up, unless a principal is named. Declare
//! other headers that identify a client, such as an API key, or make them the principal.
//!
//! ## Requests that ask the handler
//!
//! `If-Match` and `If-Unmodified-Since` are never decided from the cache (RFC 9111, section 4.3.2).
//! `no-store` keeps a request out of the cache. `no-cache` and `max-age=0`, which a browser sends
//! to load a page again, ask the handler.
//!
//! ## Writers that the layer does not see
//!
//! | Writer | Remedy | A 304 is stale |
//! |---|---|---|
//! | a request through the layer, until its response | none needed | never |
//! | a job in this process | [`ValidatorCache::announce`] before it writes | never |
//! | an event after a commit | [`ValidatorCache::invalidate`], [`follow`](ValidatorCache::follow) | until the event arrives |
//! | anything else, such as `psql` | the time to live | for up to 60 seconds |
//! | a writer of a database with a version row | a [source](crate::source) in place of this layer | never |
//!
//! If the content is in a database, prefer a version row: its tag changes in the writer's own
//! transaction, whoever writes. This layer is for content without one.
//!
//! [`ValidatorCache::guarantee`] returns the promise of the store. In memory it holds for the
//! writes of this process. Replicas share the store of the crate `tower-conditional-redis`.
//!
//! # Layer order
//!
//! Inside of [`ConditionalLayer`](crate::ConditionalLayer), which answers the reads whose handler
//! runs, and outside of [`EtagLayer`](crate::EtagLayer), which makes the tags. `Stack::validators`
//! has that order.
//!
//! Put the layer around every route that reads or writes, such as on the router. In
//! `get(read).layer(..).put(write)` it does not see the write, and the read is stale for up to
//! [`ttl`](ValidatorCache::ttl). Nothing reports it but [`sample`](ValidatorCacheLayer::sample).
//!
//! Put sessions, authentication and authorization outside: a 304 skips those inside. If they are in
//! the handler, name the principal with a version of its permissions.
//!
//! A wrong order is never an error. [`explain`](ValidatorCacheLayer::explain) shows it:
//!
//! | Mistake | Effect | [`Outcome`](crate::Outcome) |
//! |---|---|---|
//! | outside of `ConditionalLayer` | a read that becomes a 304 inside fills no entry | `fill_refusal` is `Status` |
//! | inside of `EtagLayer`, or no `ETag` at all | nothing is remembered | `fill_refusal` is `NoTag` |
//! | compression inside | content that can be compressed is not remembered | `fill_refusal` is `Vary` |
//! | sessions inside, with a principal | requests with a cookie are not looked up | `cache_lookup` is `Bypass` |
//! | authorization inside | a 304 to a client that may not read | `cache_lookup` is `Hit` |
//!
//! Everything that reads or commits content must be inside. A middleware outside that loads a row
//! has read it before the lookup. One that commits a transaction after the response commits after
//! the write has ended. Both leave a stale entry.
//!
//! Put compression, CORS and security headers outside. A layer inside that adds `Vary` or
//! `Set-Cookie` keeps responses from being remembered. Put everything that refuses writes outside,
//! so that a refused write forgets nothing.
//!
//! # Limits
//!
//! - A write changes nothing after its response. If a timeout inside drops a handler, its statement
//!   may still be running in the database. In this case call
//!   [`hold_unknown_writes`](ValidatorCache::hold_unknown_writes).
//! - A write whose response is a stream ends with that. A slow client keeps its resources slow.
//! - If the process dies, a write changes nothing after `write_ttl`. Give the database a shorter
//!   timeout for statements and transactions.
//! - Handlers read from the database that they write to, and not from a replica behind it.
//! - Two states have two tags. Do not make tags from a time in seconds.
//! - A slow upload keeps the resources of its write slow. Tags limit them, and a timeout outside
//!   limits the upload.
//! - A write names everything that it changes, or nothing. A wrong tag leaves a stale entry for up
//!   to [`ttl`](ValidatorCache::ttl). [`sample`](ValidatorCacheLayer::sample) finds such writes.
//!
//! # Errors
//!
//! 503: the store did not take the announcement of a write, under
//! [`WritePolicy::Reject`]. The handler did not run. If the store fails in a read, the handler
//! runs.
//!
//! # What it does not do
//!
//! - It works only in a tokio runtime with a timer.
//! - It stores no content, so the handler runs for clients without the current representation.
//! - It does not remember the result of a `QUERY`, whose content selects it.
//! - It does not know which gRPC calls only read. Each is a `POST`, so it forgets everything, and
//!   no 304 comes early while a stream of the server is open. Name the calls that read in
//!   [`ValidatorCacheLayer::reads`], or merge the gRPC routes outside of the layer.

mod announced;
mod cache;
mod comparison;
mod config;
mod fill;
mod follow;
mod future;
mod invalidate;
mod layer;
mod lease;
mod lease_waiters;
mod lookup;
mod operation_ids;
mod operator;
mod pending;
mod sampler;
mod service;
mod soft;
mod stale;
mod state;
#[cfg(test)]
mod tests;
mod unanswered;
mod waiting;
mod write;

pub use {
    announced::AnnouncedWrite,
    cache::{ValidatorCache, WritePolicy},
    follow::{ChangeEvent, ChangeFeed},
    future::ResponseFuture,
    layer::ValidatorCacheLayer,
    operator::{EtagsCacheFuture, EtagsCacheService},
    service::ValidatorCacheService,
    stale::StaleValidator,
};
