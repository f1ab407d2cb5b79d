//! Parts of a representation.

use http::{
    Method,
    header::{CONTENT_TYPE, ETAG, IF_RANGE, RANGE},
};
use tower::Layer;
use tower_conditional::RangeLayer;

use crate::support::{Handler, added, allocations, write};

fn handler() -> Handler {
    Handler::new(64 * 1024, 64 * 1024).with(ETAG, "\"v1\"")
}

/// Issue 20: without `Range`, nothing. The header that offers ranges is a constant.
#[test]
fn a_request_without_a_range_allocates_nothing() {
    for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT] {
        let (count, bytes) = added(&RangeLayer::new(), &handler(), &method, None);
        assert_eq!((count, bytes), (0, 0), "{method}");
    }
}

/// One allocation is for `Content-Range` and `Content-Length`, and one for the body that is cut.
#[test]
fn a_part_allocates_twice() {
    let added = |fields: &[_]| {
        let make = || write(&Method::GET, fields);
        allocations(RangeLayer::new().layer(handler()), make) - allocations(handler(), make)
    };
    for range in ["bytes=0-", "bytes=0-0", "bytes=-1024", "bytes=2000-50000"] {
        assert_eq!(added(&[(RANGE, range)]), 2, "{range}");
        assert_eq!(added(&[(RANGE, range), (IF_RANGE, "\"v1\"")]), 2, "{range}");
    }
    // The whole.
    assert_eq!(added(&[(RANGE, "bytes=0-1"), (IF_RANGE, "\"v0\"")]), 0);
    assert_eq!(added(&[(RANGE, "lines=0-1")]), 0);
    let typed = handler().with(CONTENT_TYPE, "text/event-stream");
    let make = || write(&Method::GET, &[(RANGE, "bytes=0-1")]);
    assert_eq!(
        allocations(RangeLayer::new().layer(typed.clone()), make),
        allocations(typed, make)
    );
}
