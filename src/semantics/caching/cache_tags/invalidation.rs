//! Which responses have tags, and which make caches forget.

use http::{HeaderMap, Method, StatusCode};

use super::field::CACHE_GROUP_INVALIDATION;
use crate::semantics::field::{SafeMethods, lines, method::is_write};

/// What a method does to a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Its response may be stored, with tags.
    Fills,
    /// Its success makes stored responses stale.
    Invalidates,
    /// Neither.
    None,
}

/// A method of unknown safety counts as one that writes (section 4.4).
/// `CONNECT` has no target that a cache could know (RFC 9110, section 9.3.6).
pub(crate) fn effect(method: &Method) -> Effect {
    if SafeMethods::default().contains(method) {
        Effect::Fills
    } else if is_write(method) {
        Effect::Invalidates
    } else {
        Effect::None
    }
}

/// What the status of a response to a write says of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// A cache that sees the response forgets (section 4.4).
    Yes,
    /// Refused before it was performed.
    No,
    /// The service failed, perhaps half way.
    Perhaps,
}

/// Time-outs answer 408 too, and what they cut off may have written.
pub(crate) fn written(status: StatusCode) -> Written {
    if status.is_success() || status.is_redirection() {
        Written::Yes
    } else if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        Written::No
    } else {
        Written::Perhaps
    }
}

/// A safe method invalidates no group (RFC 9875, section 3).
pub(crate) fn drop_invalidation(headers: &mut HeaderMap) {
    if lines::has(headers, &CACHE_GROUP_INVALIDATION) {
        headers.remove(CACHE_GROUP_INVALIDATION);
    }
}

/// A 304 leaves the stored response the tags that it has (RFC 9111, section
/// 3.2). One that was made before the handler knows only some of them.
pub(crate) fn takes_tags(status: StatusCode) -> bool {
    status != StatusCode::NOT_MODIFIED && !status.is_informational()
}
