//! A 412 with the current representation (RFC 8144, section 3.2).

use http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{ACCEPT_RANGES, CONTENT_LOCATION},
    response::Parts,
};

use crate::semantics::{
    caching::cache_control,
    field::{
        lines,
        names::{PREFER, PREFERENCE_APPLIED},
        prefer::Return,
        vary,
    },
};

/// Turns the head of a 200 into the head of a 412 that carries the current representation.
///
/// The client can then merge and try again without a `GET`. If the target is known,
/// `Content-Location` says that the content is the target's.
pub(crate) fn carry_representation(
    parts: &mut Parts,
    target: Option<&Uri>,
    preferred: Option<Return>,
) {
    parts.status = StatusCode::PRECONDITION_FAILED;
    cache_control::forbid_storing(&mut parts.headers);
    // Ranges apply to a GET only.
    parts.headers.remove(ACCEPT_RANGES);
    if let Some(target) = target
        && !lines::has(&parts.headers, &CONTENT_LOCATION)
    {
        // RFC 9110, section 8.7: without it, the content would describe the refusal.
        let path = target.path_and_query().map_or("/", |path| path.as_str());
        // Two slashes would be read as the name of another host (RFC 3986, section 4.2).
        let location = (!path.starts_with("//")).then(|| HeaderValue::from_str(path));
        if let Some(Ok(location)) = location {
            parts.headers.insert(CONTENT_LOCATION, location);
        }
    }
    write_preference(&mut parts.headers, preferred);
}

/// Adds `Prefer` to `Vary`, and sets `Preference-Applied` (RFC 7240, sections 2 and 3).
pub(crate) fn write_preference(headers: &mut HeaderMap, preferred: Option<Return>) {
    vary::merge(headers, [PREFER]);
    if let Some(applied) = preferred {
        let applied = HeaderValue::from_static(applied.as_str());
        headers.insert(PREFERENCE_APPLIED, applied);
    }
}
