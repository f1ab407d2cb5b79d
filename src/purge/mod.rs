//! Telling caches what to forget.
//!
//! A [`Purger`] tells one cache, once. A `PurgeQueue`, with the feature
//! `tokio`, takes purges from requests, puts those together that wait, and
//! tries again what fails; [`CacheTagsLayer`](crate::CacheTagsLayer) fills it.
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
//!     purge::{HttpPurger, Purge, PurgeQueue},
//!     semantics::cache_tags::CacheTags,
//! };
//!
//! // In place of a client as hyper-util has it:
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
//! # What it does
//!
//! The queue is bounded, and so is all else. What does not fit is dropped, what
//! fails too often is given up; both are counted, and events with the feature
//! `tracing`. One purge, or several as one, is under way at a time.
//!
//! | Limit | Default |
//! |---|---|
//! | `capacity`, purges that wait | 1,024 |
//! | `batch`, tags and targets from which on no more purges are put together | 64 |
//! | `attempts`, tries of each | 5 |
//! | `backoff`, the first pause and the longest | 100 ms, 10 s |
//! | `timeout`, the longest try | 5 s |
//! | `again_after`, a second round | none |
//!
//! A try that gives an error, panics or runs out of time has failed. The pause
//! after each is twice the one before, up to the longest.
//!
//! # What it needs from its neighbours
//!
//! A tokio runtime with timers that lives as long as the queue does. A purge
//! may arrive twice, and so must be idempotent, as forgetting is.
//!
//! # What it does not promise
//!
//! A purge is best effort: it lives in this process's memory, and what has not
//! been sent when the process ends is lost. `PurgeQueue::flush`, after the server
//! has stopped, waits for it. Give what is stored a lifetime that you can live
//! with.
//!
//! A cache that asked for a representation before a write may store the old one
//! after the purge, and keep it for all of its lifetime. `again_after` purges
//! each thing once more, later than the slowest such answer takes; it makes the
//! gap small and does not close it.

mod error;
mod http_purger;
mod json;
#[cfg(feature = "tokio")]
mod limits;
#[cfg(feature = "tokio")]
mod queue;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod ticket;
mod together;
#[cfg(feature = "tokio")]
mod worker;

use std::{collections::BTreeSet, error::Error, future::Future};

use http::{HeaderMap, Uri, request::Parts};

use crate::semantics::cache_tags::{self, CacheTag};

#[cfg(feature = "tokio")]
pub use self::{
    limits::{InvalidLimit, PurgeLimits},
    queue::PurgeQueue,
    ticket::{GivenUp, PurgeTicket},
};
pub use {
    error::{InvalidBase, NotPurged},
    http_purger::HttpPurger,
};

/// Any error, as `tower` has it.
type BoxError = Box<dyn Error + Send + Sync>;

/// What a cache is to forget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge {
    tags: BTreeSet<CacheTag>,
    targets: Vec<Uri>,
}

impl Purge {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tags: BTreeSet::new(),
            targets: Vec::new(),
        }
    }

    /// The target of this request, with the authority of `Host` where the URI
    /// has none. Nothing names the scheme then, and `http` stands for it.
    #[must_use]
    pub fn of(request: &Parts) -> Self {
        let target = cache_tags::target(&request.uri, &request.headers);
        // A copy, or what waits would keep the buffer of its connection.
        Self::new().with_target(target.to_string().parse().unwrap_or(target))
    }

    /// And what a response says in `Location` and `Content-Location`, as far as
    /// it has the origin of the first target (RFC 9111, section 4.4).
    #[must_use]
    pub fn with_locations(self, headers: &HeaderMap) -> Self {
        let Some(target) = self.targets.first().cloned() else {
            return self;
        };
        cache_tags::locations(&target, headers).fold(self, Self::with_target)
    }

    /// And every response that has one of these tags.
    #[must_use]
    pub fn with_tags<'a>(mut self, tags: impl IntoIterator<Item = &'a CacheTag>) -> Self {
        self.tags.extend(tags);
        self
    }

    /// And what is stored for this URI. One that is there stays once.
    #[must_use]
    pub fn with_target(mut self, target: Uri) -> Self {
        if !self.targets.contains(&target) {
            self.targets.push(target);
        }
        self
    }

    /// And all that `other` names.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        self.tags.extend(other.tags);
        other.targets.into_iter().fold(self, Self::with_target)
    }

    /// The tags, each once, in alphabetical order.
    #[must_use]
    pub fn tags(&self) -> impl ExactSizeIterator<Item = &CacheTag> {
        self.tags.iter()
    }

    /// The URIs, each once. One without an authority comes from a request
    /// without `Host`.
    #[must_use]
    pub fn targets(&self) -> impl ExactSizeIterator<Item = &Uri> {
        self.targets.iter()
    }

    /// How many tags and targets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len() + self.targets.len()
    }

    /// Whether there is nothing to forget.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Tells a cache what to forget.
///
/// A closure from [`Purge`] to a future is a purger. Whoever tells several
/// caches fails if one of them does: what is told twice does no harm.
pub trait Purger: Send + Sync + 'static {
    /// Why the cache may still have it.
    type Error: Into<Box<dyn Error + Send + Sync>>;

    /// Resolves when the cache has forgotten. It is dropped when it takes too
    /// long, and called again when it failed.
    fn purge(&self, purge: &Purge) -> impl Future<Output = Result<(), Self::Error>> + Send;
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
