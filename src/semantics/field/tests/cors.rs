use http::header::{CONTENT_TYPE, ETAG, IF_MATCH, LOCATION};

use crate::semantics::field::cors::{allowed_headers, exposed_headers};

/// Issue 19, C.1: the own names follow those of the layers, and none is there twice.
#[test]
fn own_names_are_added_once() {
    let names = exposed_headers([LOCATION, ETAG, LOCATION]);
    assert_eq!(names.iter().filter(|name| **name == ETAG).count(), 1);
    assert_eq!(names, [exposed_headers([]), vec![LOCATION]].concat());
    let names = allowed_headers([CONTENT_TYPE, IF_MATCH]);
    assert_eq!(names, [allowed_headers([]), vec![CONTENT_TYPE]].concat());
}

/// Issue 19, C.1: no name is safelisted (Fetch Standard, "CORS-safelisted response-header name" and
/// "CORS-safelisted request-header").
#[test]
fn no_name_is_always_allowed() {
    let responses = [
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    ];
    let requests = [
        "accept",
        "accept-language",
        "content-language",
        "content-type",
        "range",
    ];
    for name in exposed_headers([]) {
        assert!(!responses.contains(&name.as_str()), "{name}");
    }
    for name in allowed_headers([]) {
        assert!(!requests.contains(&name.as_str()), "{name}");
    }
}
