//! A header in which a client names the state that it has seen, and a service the latest state.
//! HTTP does not define it: client and service agree on it.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, IF_MODIFIED_SINCE, IF_NONE_MATCH},
};

use crate::semantics::field::{lines, list::trim_ows, method::may_be_not_modified, vary};

/// Returns `true` for methods that may get a 304: `GET`, `HEAD`, `QUERY`, and `POST` that carries
/// a query. All others change something, or have no 304.
pub(crate) fn may_be_answered(method: &Method) -> bool {
    may_be_not_modified(method) || *method == Method::POST
}

/// Returns the state that the client has seen: the header's one value, if it is not empty.
pub(crate) fn state_of_client<'a>(
    headers: &'a HeaderMap,
    field: &HeaderName,
) -> Option<&'a HeaderValue> {
    lines::only(headers, field).filter(|value| !trim_ows(value.as_bytes()).is_empty())
}

/// Returns `true` if the conditions of HTTP decide about a 304, and not the state.
///
/// A cache that validates a stored response adds them to the client's request. It would take the 304
/// for its own, although the stored response may show another state (RFC 9111, section 4.3.4).
pub(crate) fn leaves_to_conditions(method: &Method, headers: &HeaderMap) -> bool {
    let is_conditional = || {
        [IF_NONE_MATCH, IF_MODIFIED_SINCE]
            .iter()
            .any(|name| lines::has(headers, name))
    };
    may_be_not_modified(method) && is_conditional()
}

/// Returns `true` if both name the same state, byte for byte.
pub(crate) fn is_same_state(seen: &HeaderValue, latest: &HeaderValue) -> bool {
    trim_ows(seen.as_bytes()) == trim_ows(latest.as_bytes())
}

/// Adds the latest state to the response of a request that named another state.
pub(crate) fn write_latest<B>(
    response: &mut Response<B>,
    field: &HeaderName,
    latest: HeaderValue,
    safe: bool,
) {
    if response.status().is_success() && !lines::has(response.headers(), field) {
        response.headers_mut().insert(field.clone(), latest);
    }
    // Caches use `Vary` only for responses to safe methods (RFC 9110, section 9.2.3).
    if safe {
        vary::merge(response.headers_mut(), [field.clone()]);
    }
}

/// Turns an empty response into the 304 for a request that named the latest state.
///
/// It has `no-store`, so that no cache updates a stored response with it.
pub(crate) fn write_not_modified<B>(
    response: &mut Response<B>,
    field: &HeaderName,
    latest: &HeaderValue,
    safe: bool,
) {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.insert(field.clone(), latest.clone());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if safe {
        vary::merge(headers, [field.clone()]);
    }
}
