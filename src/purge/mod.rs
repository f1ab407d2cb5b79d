//! Purges: requests to caches to forget stored responses.
//!
//! A [`Purger`] sends a purge to one cache. A `PurgeQueue` (feature `tokio`) takes purges from
//! requests, merges those that wait, and retries those that fail.
//! [`CacheTagsLayer`](crate::CacheTagsLayer) adds a purge to the queue after each write.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::service_fn;
//! use tower_conditional::{
//!     cache_tags::CacheTags,
//!     purge::{HttpPurger, Purge, PurgeQueue},
//! };
//!
//! // In place of an HTTP client, such as that of hyper-util.
//! let client = service_fn(|request: Request<Full<Bytes>>| async move {
//!     assert_eq!(request.method(), "PURGE");
//!     assert_eq!(request.headers()["xkey-purge"], "notes");
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
//! });
//!
//! let purger = HttpPurger::varnish(client, "http://127.0.0.1:6081".parse()?)?;
//! let queue = PurgeQueue::new(purger);
//! queue.enqueue(Purge::new().with_tags(&CacheTags::of(["notes"])?)).await?;
//! # Ok(())
//! # }
//! # #[cfg(feature = "tokio")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! 1. The queue takes purges until it is full. A purge that does not fit is dropped.
//! 2. Purges that wait are merged into one.
//! 3. The purger splits the result into [parts](Purger::parts) and sends each by itself. For
//!    [`HttpPurger`] a part is up to 30 tags, or one target.
//! 4. A part that fails is retried, and only that part.
//!
//! Up to eight parts are sent concurrently, and further purges wait for them. A slow part does
//! not block the queue. The parts behind it are sent after a twentieth of `timeout`, and after
//! one second at the latest.
//!
//! A try fails if the purger returns an error, panics, or exceeds `timeout`. The pause after a
//! failure doubles each time, up to the longest pause. `Retry-After` in a 429 or 503 can make a
//! pause longer, up to the same limit.
//!
//! | Response of the cache | Result |
//! |---|---|
//! | 2xx; 404 and 412 to the `PURGE` of a URL | done |
//! | 408, 425, 429, 5xx, 3xx, no response | retried |
//! | any other 4xx; a target that may be a pattern | given up at once |
//!
//! If the cache refuses several purges that were merged, each of them is tried once more by
//! itself. The same holds if the refusal comes at the last try.
//!
//! The queue needs a tokio runtime with timers that lives as long as the queue. A cache may get
//! the same purge twice, so a purge must be idempotent.
//!
//! # Limits
//!
//! | Limit | Default |
//! |---|---|
//! | `max_queued`, the purges that wait | 1,024 |
//! | `max_batch`, the tags and targets of one merged purge | 64 |
//! | `max_attempts`, the tries of each part | 5 |
//! | `backoff`, the first pause and the longest pause | 100 ms, 10 s |
//! | `timeout`, the duration of one try | 5 s |
//! | `max_concurrency`, the tries that run at the same time | 64 |
//! | `repeat_after`, the pause before a second purge | no second purge |
//!
//! # Errors
//!
//! Purges that are dropped or given up are counted, and are events with the feature `tracing`.
//! A `PurgeTicket` returns the result of its purge.
//!
//! # What it does not do
//!
//! Purges are best effort. The queue lives in the memory of this process: purges that are not
//! sent when the process ends are lost. Call `PurgeQueue::flush` after the server has stopped,
//! and set lifetimes that are acceptable for stale responses.
//!
//! A purge does not stop a cache that is fetching the old representation. The cache may store
//! it after the purge, and keep it for its whole lifetime. `repeat_after` repeats each purge
//! after a pause. If the slowest response takes less than the pause, its copy is purged. The
//! repetition narrows the gap, but does not close it.

#[cfg(feature = "tokio")]
mod calls;
mod error;
mod http_purger;
#[cfg(feature = "tokio")]
mod job;
#[cfg(feature = "tokio")]
mod limits;
#[cfg(feature = "tokio")]
mod open_jobs;
#[cfg(feature = "tokio")]
mod queue;
#[cfg(feature = "tokio")]
mod schedule;
pub(crate) mod tag_source;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod ticket;
#[cfg(feature = "tokio")]
mod worker;

use std::{collections::BTreeSet, future::Future, sync::Arc};

use http::{HeaderMap, Uri, request::Parts, uri::Authority};

use crate::{
    error::BoxError,
    semantics::{
        caching::cache_tags::{self, CacheTag},
        field::OrderedSet,
    },
    target,
};

#[cfg(feature = "tokio")]
pub use self::{
    limits::PurgeLimits,
    queue::PurgeQueue,
    ticket::{PurgeError, PurgeTicket},
};
pub use {
    error::{InvalidPurgeConfig, NotPurged},
    http_purger::HttpPurger,
};

/// The tags and targets whose responses a cache should forget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge {
    tags: BTreeSet<CacheTag>,
    targets: OrderedSet<Uri>,
}

impl Purge {
    /// Creates an empty purge.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tags: BTreeSet::new(),
            targets: OrderedSet::new(),
        }
    }

    /// Creates a purge of the [target] of a request.
    ///
    /// If the URI has no authority, it is taken from `Host`, and the scheme is `http`. If the URI
    /// of the request is another one, and no nested router explains it, the purge has both.
    #[must_use]
    pub fn of(request: &Parts) -> Self {
        let named = [Some(target::of(request)), target::rewritten(request)];
        named.into_iter().flatten().fold(Self::new(), |purge, uri| {
            let target = cache_tags::target(uri, &request.headers);
            purge.with_target(copy_of(&target).unwrap_or(target))
        })
    }

    /// Adds the URIs in `Location` and `Content-Location` of a response.
    ///
    /// Only URIs with the origin of the first target are added (RFC 9111, section 4.4).
    #[must_use]
    pub fn with_locations(self, headers: &HeaderMap) -> Self {
        let Some(target) = self.targets.as_slice().first().cloned() else {
            return self;
        };
        cache_tags::locations(&target, headers).fold(self, Self::with_target)
    }

    /// Adds all responses that have one of these tags.
    #[must_use]
    pub fn with_tags<'a>(mut self, tags: impl IntoIterator<Item = &'a CacheTag>) -> Self {
        self.tags.extend(tags.into_iter().cloned());
        self
    }

    /// Adds the stored response of this URI. A URI is listed once.
    #[must_use]
    pub fn with_target(mut self, target: Uri) -> Self {
        self.targets.insert(target);
        self
    }

    /// Adds all tags and targets of `other`.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        self.tags.extend(other.tags);
        self.targets.extend(other.targets.iter().cloned());
        self
    }

    /// Splits the purge into purges of at most `tags` tags each, and of one target each. Zero
    /// counts as one.
    pub fn into_parts(self, tags: usize) -> impl Iterator<Item = Self> {
        let names: Vec<_> = self.tags.into_iter().collect();
        let mut groups = Vec::new();
        for group in names.chunks(tags.max(1)) {
            groups.push(Self::new().with_tags(group));
        }
        let targets: Vec<_> = self.targets.iter().cloned().collect();
        let single = |target| Self::new().with_target(target);
        groups.into_iter().chain(targets.into_iter().map(single))
    }

    /// Returns the tags and targets that both purges have, or `None` if there are none.
    #[cfg(feature = "tokio")]
    fn common(&self, other: &Self) -> Option<Self> {
        let (few, many) = if self.len() < other.len() {
            (self, other)
        } else {
            (other, self)
        };
        let common = Self {
            tags: few.tags.intersection(&many.tags).cloned().collect(),
            targets: few
                .targets
                .iter()
                .filter(|target| many.targets.contains(target))
                .cloned()
                .collect(),
        };
        (!common.is_empty()).then_some(common)
    }

    /// Returns the tags, each once, in alphabetical order.
    #[must_use]
    pub fn tags(&self) -> impl ExactSizeIterator<Item = &CacheTag> {
        self.tags.iter()
    }

    /// Returns the URIs, each once, as the clients wrote them.
    ///
    /// A path or a host may contain `*`. A URI without an authority comes from a request without
    /// `Host`.
    #[must_use]
    pub fn targets(&self) -> impl ExactSizeIterator<Item = &Uri> {
        self.targets.iter()
    }

    /// Returns the number of tags and targets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len() + self.targets.len()
    }

    /// Returns `true` if the purge has neither tags nor targets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Returns a URI that shares no memory. The original keeps the whole read buffer of its connection
/// alive.
fn copy_of(uri: &Uri) -> Option<Uri> {
    let [scheme, colon] = uri.scheme_str().map_or([""; 2], |scheme| [scheme, "://"]);
    let authority = uri.authority().map_or("", Authority::as_str);
    let [mark, query] = uri.query().map_or([""; 2], |query| ["?", query]);
    let text = [scheme, colon, authority, uri.path(), mark, query].concat();
    text.try_into().ok()
}

/// A way to send purges to a cache.
///
/// Closures from [`Purge`] to a future implement it. A purger of several caches fails if one of
/// them fails. If one of the errors is not [final](NotPurged::is_final), it returns that error:
/// the retry goes to all caches, and a repeated purge does no harm.
///
/// Targets are written by clients. A purger that puts them into an expression, such as a ban of
/// Varnish, must escape asterisks, quotes and dots.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a purger",
    label = "not a purger",
    note = "`HttpPurger` is one, and so is a closure from `Purge` to a future of `Result<(), _>`"
)]
pub trait Purger: Send + Sync + 'static {
    /// An error with which the cache may still have the responses. All errors are retried, except
    /// a final [`NotPurged`].
    type Error: Into<BoxError>;

    /// Sends a purge, and resolves when the cache has forgotten the responses.
    ///
    /// The queue drops the future after a timeout, and calls the function again after a failure.
    /// Several calls may run at the same time.
    fn purge(&self, purge: &Purge) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Splits a purge into parts that are sent and retried one by one. Defaults to one part.
    ///
    /// [`Purge::into_parts`] does the splitting. Tags and targets that are left out are never
    /// sent.
    fn parts(&self, purge: Purge) -> Vec<Purge> {
        vec![purge]
    }
}

impl<P: Purger> Purger for Arc<P> {
    type Error = P::Error;

    fn purge(&self, purge: &Purge) -> impl Future<Output = Result<(), P::Error>> + Send {
        P::purge(self, purge)
    }

    fn parts(&self, purge: Purge) -> Vec<Purge> {
        P::parts(self, purge)
    }
}

impl<F, Fut, E> Purger for F
where
    F: Fn(Purge) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<BoxError>,
{
    type Error = E;

    fn purge(&self, purge: &Purge) -> impl Future<Output = Result<(), E>> + Send {
        self(purge.clone())
    }
}
