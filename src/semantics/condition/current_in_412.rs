//! A 412 with the current representation (RFC 8144, section 3.2).

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
    header::{ACCEPT_RANGES, CONTENT_LOCATION},
    response::Parts,
};

use crate::semantics::{
    caching::cache_control,
    field::{lines, prefer::Return, vary},
};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Turns the head of the representation's own 200 into that of a 412 which
/// carries it, so that the client can merge and try again without a `GET`. The content is
/// said to be that of the target where this is known.
pub(crate) fn carry_representation(
    parts: &mut Parts,
    target: Option<&Uri>,
    preferred: Option<Return>,
) {
    parts.status = StatusCode::PRECONDITION_FAILED;
    cache_control::forbid_storing(&mut parts.headers);
    // Parts are for a GET to ask for.
    parts.headers.remove(ACCEPT_RANGES);
    if let Some(target) = target
        && !lines::has(&parts.headers, &CONTENT_LOCATION)
    {
        // Section 8.7 of RFC 9110: whose representation this is.
        let path = target.path_and_query().map_or("/", |path| path.as_str());
        // A second slash would begin the name of another host (RFC 3986, section 4.2).
        let location = (!path.starts_with("//")).then(|| HeaderValue::from_str(path));
        if let Some(Ok(location)) = location {
            parts.headers.insert(CONTENT_LOCATION, location);
        }
    }
    note_preference(&mut parts.headers, preferred);
}

/// Says that `Prefer` made a difference, and which (RFC 7240, sections 2 and 3).
pub(crate) fn note_preference(headers: &mut HeaderMap, preferred: Option<Return>) {
    vary::merge(headers, [PREFER]);
    if let Some(applied) = preferred {
        let applied = HeaderValue::from_static(applied.as_str());
        headers.insert(PREFERENCE_APPLIED, applied);
    }
}
