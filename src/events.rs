//! The events that layers emit with the feature `tracing`. Without it, nothing is emitted.
//!
//! No event names a path, a query, a tag, a key or a user. Logs are kept longer than the data of a
//! service, and more people read them. An observer gets the names.
//!
//! Events of a kind that each request can cause are limited, unless they are at `debug`.

#[cfg(feature = "tokio")]
use std::{error::Error, time::Duration};

use http::{HeaderName, Method};
#[cfg(feature = "tokio")]
use http::{HeaderValue, Uri};

#[cfg(feature = "tracing")]
use crate::log_limit::limited_event;
#[cfg(feature = "tracing")]
use crate::observe::exchange::method_label;
use crate::observe::exchange::{Event, emit};
#[cfg(feature = "tokio")]
use crate::observe::exchange::{KeyEvent, ValidatorEvent};
#[cfg(feature = "tokio")]
use crate::semantics::{
    retry::{RecordId, SealReason},
    validator_cache::FillRefusal,
};
use crate::source::SourceError;

/// Reports a step of an idempotency key to the observer.
#[cfg(feature = "tokio")]
pub(crate) fn key(event: KeyEvent) {
    emit(&Event::Key(event));
}

/// Reports a step of the validator cache to the observer.
#[cfg(feature = "tokio")]
pub(crate) fn validators(event: ValidatorEvent) {
    emit(&Event::Validators(event));
}

/// Emits an event for a source that failed. The layer decides about the request.
pub(crate) fn source_failed(error: &SourceError) {
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        error = error.for_log(),
        "the current state is not known"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// Reports a conditional write that succeeded without a comparison.
pub(crate) fn unchecked_write(method: &Method, path: &str) {
    emit(&Event::UncheckedWrite { method, path });
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        method = method_label(method),
        "a conditional write was performed without a compare-and-set: updates can be lost"
    );
}

/// Emits an event for a purge that the queue did not accept, with the number of its tags and
/// targets. An observer of the queue gets the purge itself.
#[cfg(feature = "tokio")]
pub(crate) fn purge_dropped(why: &(dyn Error + 'static), names: usize) {
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        error = why,
        names,
        "a purge was dropped: a cache may serve stale responses"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (why, names);
}

/// Emits an event for a purge whose last attempt failed, with the number of its tags and targets.
/// An observer of the queue gets the purge itself.
#[cfg(feature = "tokio")]
pub(crate) fn purge_failed(error: &(dyn Error + 'static), attempts: u32, names: usize) {
    #[cfg(feature = "tracing")]
    limited_event!(
        ERROR,
        error,
        attempts,
        names,
        "a purge was given up: a cache may serve stale responses"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (error, attempts, names);
}

/// Emits an event for a response with more cache tags than a cache may read.
pub(crate) fn too_many_cache_tags(field: &HeaderName, tags: usize) {
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        %field,
        tags,
        "a response has more cache tags than its header may carry: a cache may serve stale responses"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (field, tags);
}

/// Emits an event for an attempt whose outcome nobody knows.
#[cfg(feature = "tokio")]
pub(crate) fn outcome_unknown(record: &RecordId, reason: &'static str) {
    key(KeyEvent::Unknown);
    #[cfg(feature = "tracing")]
    limited_event!(WARN, ?record, reason, "the outcome of a request is unknown");
    #[cfg(not(feature = "tracing"))]
    let _ = (record, reason);
}

/// Emits an event for a handler that took over from a lost attempt without asking if it does.
#[cfg(feature = "tokio")]
pub(crate) fn overlooked_takeover(record: &RecordId) {
    #[cfg(feature = "tracing")]
    limited_event!(
        ERROR,
        ?record,
        "a handler took over from a lost attempt without asking: it may have run twice"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = record;
}

/// Emits an event for a success on a transactional route that its transaction did not record.
#[cfg(feature = "tokio")]
pub(crate) fn unrecorded_effect(record: &RecordId) {
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        ?record,
        "a handler answered a success outside of its transaction: a crash can lose the record"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = record;
}

/// Emits an event for a step of a key that its store, or the encryption of records, refused.
#[cfg(feature = "tokio")]
pub(crate) fn key_step_failed(
    record: &RecordId,
    step: &'static str,
    error: &(dyn Error + 'static),
) {
    key(KeyEvent::StoreError);
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        ?record,
        step,
        error,
        "a step of an idempotency key failed"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (record, step, error);
}

/// Emits an event for an attempt that no longer held its key when it ended.
#[cfg(feature = "tokio")]
pub(crate) fn key_lost(record: &RecordId) {
    key(KeyEvent::Lost);
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        ?record,
        "an attempt lost its idempotency key before it ended: its response was withheld"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = record;
}

/// Emits an event for a key whose response is not recorded.
#[cfg(feature = "tokio")]
pub(crate) fn key_sealed(record: &RecordId, reason: SealReason) {
    key(KeyEvent::Sealed);
    #[cfg(feature = "tracing")]
    limited_event!(
        INFO,
        ?record,
        %reason,
        "an idempotency key was sealed: retries are refused"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (record, reason);
}

/// Emits an event for a recorded response that was repeated.
#[cfg(feature = "tokio")]
pub(crate) fn replayed(record: &RecordId) {
    key(KeyEvent::Replayed);
    #[cfg(feature = "tracing")]
    tracing::debug!(?record, "a recorded response was repeated");
    #[cfg(not(feature = "tracing"))]
    let _ = record;
}

/// Emits an event for a step of the validator cache that its store refused or lost.
#[cfg(feature = "tokio")]
pub(crate) fn validator_step_failed(step: &'static str, error: &(dyn Error + 'static)) {
    validators(ValidatorEvent::StoreError);
    #[cfg(feature = "tracing")]
    limited_event!(WARN, step, error, "a step of the validator cache failed");
    #[cfg(not(feature = "tracing"))]
    let _ = (step, error);
}

/// Emits an event for validators that were not remembered, since somebody has written meanwhile.
#[cfg(feature = "tokio")]
pub(crate) fn fill_refused() {
    validators(ValidatorEvent::FillRefused);
    #[cfg(feature = "tracing")]
    tracing::debug!("validators were not remembered: a write or another reader came first");
}

/// Emits an event for a write whose announcement was over before it ended.
#[cfg(feature = "tokio")]
pub(crate) fn write_intent_lost() {
    validators(ValidatorEvent::IntentLost);
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        "an announced write was lost or over before its end: a 304 may have been stale"
    );
}

/// Emits an event for a write that is performed although it is not announced.
#[cfg(feature = "tokio")]
pub(crate) fn unannounced_write(bound: Duration) {
    validators(ValidatorEvent::Unannounced);
    #[cfg(feature = "tracing")]
    limited_event!(
        WARN,
        ?bound,
        "a write is not announced: a 304 may be stale for this long"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = bound;
}

/// Emits an event for a response that is never remembered, since the layer does not know of a
/// header that selects it. Each layer reports it once, so it has no limit.
#[cfg(feature = "tokio")]
pub(crate) fn undeclared_vary<'a>(headers: impl Iterator<Item = &'a [u8]>) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        headers = ?headers.map(String::from_utf8_lossy).collect::<Vec<_>>(),
        "a response varies by headers that `ValidatorCacheLayer::vary` does not declare: it is never remembered"
    );
    #[cfg(not(feature = "tracing"))]
    headers.for_each(drop);
}

/// Emits an event for the first response that is not remembered for this reason. Each layer reports
/// it once, so it has no limit.
#[cfg(feature = "tokio")]
pub(crate) fn not_remembered(reason: FillRefusal) {
    #[cfg(feature = "tracing")]
    tracing::info!(%reason, "a response is not remembered, and others of its kind are not either");
    #[cfg(not(feature = "tracing"))]
    let _ = reason;
}

/// Reports a remembered tag that is not the handler's, although nobody has written.
#[cfg(feature = "tokio")]
pub(crate) fn stale_validator(
    target: &Uri,
    remembered: &HeaderValue,
    current: Option<&HeaderValue>,
) {
    validators(ValidatorEvent::Stale);
    emit(&Event::StaleValidator {
        target,
        remembered,
        current,
    });
    #[cfg(feature = "tracing")]
    limited_event!(
        ERROR,
        has_current = current.is_some(),
        "a remembered tag is stale: a write was not announced, or its tags do not name this path"
    );
}

/// Emits an event for a feed of changes that has ended, so that the cache is no longer used. A feed
/// ends once, so it has no limit.
#[cfg(feature = "tokio")]
pub(crate) fn change_feed_ended() {
    #[cfg(feature = "tracing")]
    tracing::warn!("a feed of changes has ended: nothing is answered from the validator cache");
}
