//! A field in which a client names the state that it has seen, and a service
//! the latest one. Not HTTP's, but an agreement of the two.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header::CACHE_CONTROL,
};

use crate::semantics::field::{lines, list::trim_ows, method::may_be_not_modified, vary};

/// Whether a request of this method can ask for something that the client has
/// already: `GET`, `HEAD`, `QUERY`, and `POST` that carries a query. All others
/// change something, or have no 304.
pub(crate) fn may_ask(method: &Method) -> bool {
    may_be_not_modified(method) || *method == Method::POST
}

/// What the client has seen: the one value of the field, which is not empty.
pub(crate) fn seen<'a>(headers: &'a HeaderMap, field: &HeaderName) -> Option<&'a HeaderValue> {
    lines::only(headers, field).filter(|value| !trim_ows(value.as_bytes()).is_empty())
}

/// Whether both name the same state: byte for byte.
pub(crate) fn is_same(seen: &HeaderValue, latest: &HeaderValue) -> bool {
    trim_ows(seen.as_bytes()) == trim_ows(latest.as_bytes())
}

/// Labels the answer to a request that named another state.
pub(crate) fn label<B>(
    response: &mut Response<B>,
    field: &HeaderName,
    latest: HeaderValue,
    safe: bool,
) {
    if response.status().is_success() && !lines::has(response.headers(), field) {
        response.headers_mut().insert(field.clone(), latest);
    }
    if safe {
        vary::merge(response.headers_mut(), [field.clone()]);
    }
}

/// Makes an empty response the answer to a request that named the latest state.
/// No cache may take it for the validation of something that it has stored.
pub(crate) fn not_modified<B>(
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
