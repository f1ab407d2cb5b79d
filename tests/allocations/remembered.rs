//! The allocations of reads and writes whose validators are remembered, beside those of the bare
//! service.

use std::cell::Cell;

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request,
    header::{COOKIE, ETAG, HOST, IF_NONE_MATCH},
};
use http_body_util::Empty;
use tower::Layer;
use tower_conditional::{
    ValidatorCacheLayer, cache_tags::CacheTags, store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use crate::support::{Handler, allocations, average_allocations, request, write};

fn layer() -> ValidatorCacheLayer<MemoryValidatorStore> {
    ValidatorCacheLayer::new(ValidatorCache::new(MemoryValidatorStore::new()))
}

fn handler(length: usize) -> Handler {
    Handler::new(length, length).with(ETAG, "\"v1\"")
}

fn with(name: HeaderName, value: &'static str) -> Request<Empty<Bytes>> {
    write(&Method::GET, &[(name, value)])
}

/// A 304 has the memory of the request's headers, and allocates its tag alone.
#[test]
fn a_hit_allocates_its_tag_alone() {
    for length in [1 << 10, 1 << 20] {
        let cached = layer().layer(handler(length));
        assert_eq!(
            allocations(handler(length), || request(&Method::GET, None)),
            2
        );
        allocations(cached.clone(), || request(&Method::GET, None));
        assert_eq!(allocations(cached, || with(IF_NONE_MATCH, "\"v1\"")), 1);
    }
}

/// A request that passes by the cache costs nothing. One that is looked up costs the tag and the
/// place where the handler's tag is compared with it.
#[test]
fn a_request_that_runs_the_handler_allocates_little() {
    let bare = allocations(handler(1024), || request(&Method::GET, None));
    let cases = [
        ("cookie", with(COOKIE, "session=1"), 0),
        ("OPTIONS", request(&Method::OPTIONS, None), 0),
        ("no condition", request(&Method::GET, None), 3),
        ("other tag", with(IF_NONE_MATCH, "\"v0\""), 3),
    ];
    for (name, request, expected) in cases {
        let cached = layer().layer(handler(1024));
        allocations(cached.clone(), || with(HOST, "localhost"));
        let count = allocations(cached, || request.clone());
        assert_eq!(count - bare, expected, "{name}");
    }
}

/// A write has a box for its future, its announcement, and the records of its targets.
#[test]
fn writes_allocate_their_targets() {
    let put = || request(&Method::PUT, None);
    let bare = allocations(handler(1024), put);
    let tags = CacheTags::of(["notes", "note-1"]).expect("tags");
    let tagged = allocations(layer().tags(tags).layer(handler(1024)), put);
    let everything = allocations(layer().layer(handler(1024)), put);
    assert_eq!((tagged - bare, everything - bare), (13, 6));
}

/// The first read of a key allocates its entry, and what leads to it.
#[test]
fn a_first_read_allocates_its_entry() {
    let number = Cell::new(0);
    let other_host = || {
        number.set(number.get() + 1);
        let mut request = request(&Method::GET, None);
        let host = format!("{:05}.test", number.get());
        let host = HeaderValue::try_from(host).expect("a value");
        request.headers_mut().insert(HOST, host);
        request
    };
    let bare = average_allocations(handler(1024), other_host);
    let first = average_allocations(layer().layer(handler(1024)), other_host);
    assert!(first - bare < 20, "{bare} and {first}");
}
