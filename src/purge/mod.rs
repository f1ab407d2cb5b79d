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
//!     cache_tags::CacheTags,
//!     purge::{HttpPurger, Purge, PurgeQueue},
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
//! fails too often or is refused is given up; both are counted, and events with the
//! feature `tracing`.
//!
//! Purges that wait are put together, and split into the [parts](Purger::parts) that
//! the purger tells one by one: for [`HttpPurger`] up to 30 tags, or one target. A part
//! that fails is tried again, and only that. Up to eight parts are told at a time, and
//! further purges wait for them. A part that takes longer than a twentieth of `timeout`,
//! or than a second, holds up nobody any more: it goes on beside those behind it.
//!
//! | Limit | Default |
//! |---|---|
//! | `capacity`, purges that wait | 1,024 |
//! | `batch`, tags and targets from which on no more purges are put together | 64 |
//! | `attempts`, tries of each | 5 |
//! | `backoff`, the first pause and the longest | 100 ms, 10 s |
//! | `timeout`, the longest try | 5 s |
//! | `concurrency`, tries under way at a time, those that hang included | 64 |
//! | `again_after`, a second round | none |
//!
//! A try that gives an error, panics or runs out of time has failed. The pause
//! after each is twice the one before, up to the longest. A `Retry-After` in a 429 or
//! 503 makes it longer, up to the longest.
//!
//! | Answer of a cache | What follows |
//! |---|---|
//! | 2xx; 404 and 412 to the `PURGE` of a URL | done |
//! | 408, 425, 429, 5xx, 3xx, none | another try |
//! | any other 4xx; a target that may be a pattern | given up at once |
//!
//! Where several purges were told as one and that was refused, each is tried once more
//! by itself.
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

#[cfg(feature = "tokio")]
mod agenda;
#[cfg(feature = "tokio")]
mod calls;
mod error;
mod http_purger;
#[cfg(feature = "tokio")]
mod job;
#[cfg(feature = "tokio")]
mod ledger;
#[cfg(feature = "tokio")]
mod limits;
#[cfg(feature = "tokio")]
mod queue;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod ticket;
#[cfg(feature = "tokio")]
mod worker;

use std::{collections::BTreeSet, future::Future};

use http::{HeaderMap, Uri, request::Parts};

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

/// What a cache is to forget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge {
    tags: BTreeSet<CacheTag>,
    targets: OrderedSet<Uri>,
}

impl Purge {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tags: BTreeSet::new(),
            targets: OrderedSet::new(),
        }
    }

    /// The [target] of this request, with the authority of `Host`
    /// where the URI has none. Nothing names the scheme then, and `http` stands for
    /// it.
    #[must_use]
    pub fn of(request: &Parts) -> Self {
        let target = cache_tags::target(target::of(request), &request.headers);
        // A copy, or what waits would keep the buffer of its connection.
        Self::new().with_target(target.to_string().parse().unwrap_or(target))
    }

    /// And what a response says in `Location` and `Content-Location`, as far as
    /// it has the origin of the first target (RFC 9111, section 4.4).
    #[must_use]
    pub fn with_locations(self, headers: &HeaderMap) -> Self {
        let Some(target) = self.targets.as_slice().first().cloned() else {
            return self;
        };
        cache_tags::locations(&target, headers).fold(self, Self::with_target)
    }

    /// And every response that has one of these tags.
    #[must_use]
    pub fn with_tags<'a>(mut self, tags: impl IntoIterator<Item = &'a CacheTag>) -> Self {
        self.tags.extend(tags.into_iter().cloned());
        self
    }

    /// And what is stored for this URI. One that is there stays once.
    #[must_use]
    pub fn with_target(mut self, target: Uri) -> Self {
        self.targets.insert(target);
        self
    }

    /// And all that `other` names.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        self.tags.extend(other.tags);
        self.targets.extend(other.targets.iter().cloned());
        self
    }

    /// Splits it into purges of at most so many tags each, and of one target each. Zero tags
    /// count as one.
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

    /// Returns what both name, or `None` if that is nothing.
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

    /// The tags, each once, in alphabetical order.
    #[must_use]
    pub fn tags(&self) -> impl ExactSizeIterator<Item = &CacheTag> {
        self.tags.iter()
    }

    /// The URIs, each once, as clients wrote them: with a `*` in a path or a host, perhaps.
    /// One without an authority comes from a request without `Host`.
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
/// A closure from [`Purge`] to a future is a purger. A purger of several caches fails if
/// one of them does, with an error that is not [final](NotPurged::is_final) if it has one:
/// what is told twice does no harm.
///
/// Clients write targets. A purger that puts them into an expression, such as a ban of
/// Varnish, has to see to it that stars, quotes and dots mean themselves.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a purger",
    label = "not a purger",
    note = "`HttpPurger` is one, and so is a closure from `Purge` to a future of `Result<(), _>`"
)]
pub trait Purger: Send + Sync + 'static {
    /// Why the cache may still have it. A [`NotPurged`] can be final; all else is tried
    /// again.
    type Error: Into<BoxError>;

    /// Resolves when the cache has forgotten. It is dropped when it takes too
    /// long, and called again when it failed. Several calls may be under way at a time.
    fn purge(&self, purge: &Purge) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Splits a purge into those that are told one by one, so that each can fail, take
    /// long and be tried again by itself. Defaults to the purge as it is.
    ///
    /// [`Purge::into_parts`] splits it. What is left out is never told.
    fn parts(&self, purge: Purge) -> Vec<Purge> {
        vec![purge]
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
