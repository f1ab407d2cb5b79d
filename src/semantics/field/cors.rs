//! Headers that scripts of other origins need (Fetch Standard, "CORS protocol").

use http::{
    HeaderName,
    header::{ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RETRY_AFTER},
};

use super::names::{IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, PREFER, PREFERENCE_APPLIED};

/// The headers of responses that layers write and browsers hide from scripts. `Last-Modified`,
/// `Cache-Control`, `Content-Type` and `Content-Length` are always readable (Fetch Standard,
/// "CORS-safelisted response-header name").
pub(crate) static EXPOSED: [HeaderName; 4] =
    [ETAG, IDEMPOTENT_REPLAYED, PREFERENCE_APPLIED, RETRY_AFTER];

/// The headers of requests that layers read and browsers ask for in a preflight.
pub(crate) static ALLOWED: [HeaderName; 6] = [
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    PREFER,
];

/// Returns the names for `Access-Control-Expose-Headers`, and `own` after them.
///
/// Scripts of other origins can then read `ETag`, `Idempotent-Replayed`, `Preference-Applied` and
/// `Retry-After`. `own` are the further headers that they read, such as `Location` of a 201 and
/// the header of a [`StateRefLayer`](crate::StateRefLayer).
///
/// No name is returned twice. A later release may return more names.
#[must_use]
pub fn exposed_headers(own: impl IntoIterator<Item = HeaderName>) -> Vec<HeaderName> {
    with_own(&EXPOSED, own)
}

/// Returns the names for `Access-Control-Allow-Headers`, and `own` after them.
///
/// Scripts of other origins can then send `Idempotency-Key`, `If-Match`, `If-Modified-Since`,
/// `If-None-Match`, `If-Unmodified-Since` and `Prefer`. `own` are the further headers that they
/// send, such as `Content-Type` of JSON and `Authorization`.
///
/// No name is returned twice. A later release may return more names.
#[must_use]
pub fn allowed_headers(own: impl IntoIterator<Item = HeaderName>) -> Vec<HeaderName> {
    with_own(&ALLOWED, own)
}

fn with_own(names: &[HeaderName], own: impl IntoIterator<Item = HeaderName>) -> Vec<HeaderName> {
    let mut names = names.to_vec();
    for name in own {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
