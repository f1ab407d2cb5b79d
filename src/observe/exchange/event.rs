use http::{HeaderValue, Method, Uri};

use crate::semantics::caching::cache_tags::CacheTag;

/// An event of a layer, a store or a queue, apart from the decision on a request.
///
/// The events of the feature `tracing` name no resource. Its values here, such as
/// [`PurgeEvent::targets`], are for operators. Do not write them into labels or logs.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A step of an idempotency key.
    Key(KeyEvent),
    /// A step of the validator cache.
    Validators(ValidatorEvent),
    /// The end of a purge.
    Purge(PurgeEvent<'a>),
    /// A conditional write succeeded without a comparison, so that an update may be lost. Its
    /// [`Outcome`](crate::Outcome::is_unchecked) says so too.
    #[non_exhaustive]
    UncheckedWrite {
        /// The method of the write.
        method: &'a Method,
        /// The path that the client requested.
        path: &'a str,
    },
    /// A remembered tag is not that of the handler, although nobody has written. It comes after
    /// [`ValidatorEvent::Stale`].
    #[non_exhaustive]
    StaleValidator {
        /// The URI that the client requested. A query may hold secrets.
        target: &'a Uri,
        /// The tag that was remembered.
        remembered: &'a HeaderValue,
        /// The tag of the handler's response. `None` if it has none, such as a 404.
        current: Option<&'a HeaderValue>,
    },
    /// A handler ran after its exchange had ended, since the write had to be finished. No
    /// [`Exchange`](super::Exchange) counts this run.
    LateHandlerRun,
}

/// A step of an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyEvent {
    /// A request claimed the key, and its handler runs.
    Claimed,
    /// The recorded response was repeated.
    Replayed,
    /// 409: the first request with the key is running.
    InProgress,
    /// 422: the key belongs to another request.
    Mismatch,
    /// The response was recorded.
    Recorded,
    /// The key was freed, so that a retry runs the handler.
    Released,
    /// The key was sealed: retries are refused.
    Sealed,
    /// The attempt no longer held its key when it ended.
    Lost,
    /// Nobody knows if the request was performed.
    Unknown,
    /// A step of the store, or the encryption of a record, failed.
    StoreError,
}

/// A step of the validator cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValidatorEvent {
    /// The validators of a response were remembered.
    Stored,
    /// They were not, since a write or another reader came first.
    FillRefused,
    /// A write is performed although it is not announced.
    Unannounced,
    /// The announcement of a write was lost or over before its end.
    IntentLost,
    /// A remembered tag is not that of the handler, although nobody has written.
    Stale,
    /// A step of the store failed.
    StoreError,
}

/// The end of a purge, with everything that an operator needs to repeat it by hand.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PurgeEvent<'a> {
    /// The result.
    pub result: PurgeResult,
    /// The cache tags of the purge.
    pub tags: &'a [&'a CacheTag],
    /// The URIs of the purge, as clients wrote them. A query may hold secrets.
    pub targets: &'a [&'a Uri],
}

/// The result of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PurgeResult {
    /// The cache has purged.
    Done,
    /// The purge was given up, after its last attempt or because the cache refused it.
    Failed,
    /// The queue did not accept the purge.
    Dropped,
}
