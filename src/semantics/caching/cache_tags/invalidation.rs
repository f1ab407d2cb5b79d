//! The effect of methods and statuses on stored responses.

use http::{HeaderMap, Method, StatusCode};

use super::field::CACHE_GROUP_INVALIDATION;
use crate::semantics::field::{SafeMethods, lines, method::is_write};

/// The effect of a method on a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MethodEffect {
    /// The response may be stored, with tags.
    Fills,
    /// A successful response invalidates stored responses.
    Invalidates,
    /// The method has neither effect.
    None,
}

/// Returns the effect of a method.
///
/// An unknown method counts as a write (RFC 9111, section 4.4). `CONNECT` has no effect, since
/// its target is no resource (RFC 9110, section 9.3.6).
pub(crate) fn effect(method: &Method) -> MethodEffect {
    if SafeMethods::default().contains(method) {
        MethodEffect::Fills
    } else if is_write(method) {
        MethodEffect::Invalidates
    } else {
        MethodEffect::None
    }
}

/// The outcome of a write, as far as the status of its response shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// The write succeeded. Caches that see the response invalidate (RFC 9111, section 4.4).
    Performed,
    /// The write was refused, and changed nothing.
    Refused,
    /// The service failed, and may have changed something.
    Unknown,
}

/// Returns the outcome of a write from the status of its response.
pub(crate) fn write_outcome(status: StatusCode) -> WriteOutcome {
    if status.is_success() || status.is_redirection() {
        WriteOutcome::Performed
    // A timeout may answer 408 for a handler that had already written.
    } else if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        WriteOutcome::Refused
    } else {
        WriteOutcome::Unknown
    }
}

/// Removes `Cache-Group-Invalidation` from a response to a safe method, which must not invalidate
/// (RFC 9875, section 3).
pub(crate) fn remove_invalidation(headers: &mut HeaderMap) {
    if lines::has(headers, &CACHE_GROUP_INVALIDATION) {
        headers.remove(CACHE_GROUP_INVALIDATION);
    }
}

/// Returns `true` if tags may be added to a response with this status.
///
/// The headers of a 304 replace those of the stored response (RFC 9111, section 3.2). A 304 that
/// was made before the handler ran lacks the handler's tags, so it must have none.
pub(crate) fn allows_tags(status: StatusCode) -> bool {
    status != StatusCode::NOT_MODIFIED && !status.is_informational()
}
