//! Requests to a service whose validators are remembered in memory.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{COOKIE, ETAG, HOST, IF_NONE_MATCH},
};
use tower::Layer;
use tower_conditional::{
    ValidatorCacheLayer, cache_tags::CacheTags, store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};
use tower_conditional_gate::{
    CURRENT_TAG, Handler, OTHER_TAG, OneRequest, answers, answers_each, run, tag_of,
};

/// More than the requests that are counted.
const HOSTS: usize = 1000;

fn main() {
    run(&[
        ("validators: bare", || {
            answers(200, tagged(), Method::GET, has(CURRENT_TAG))
        }),
        ("validators: 304", || read(304, tagged(), has(CURRENT_TAG))),
        ("validators: 304, 1 MiB", || {
            read(304, tagged().large(), has(CURRENT_TAG))
        }),
        ("validators: other tag", || {
            read(200, tagged(), has(OTHER_TAG))
        }),
        ("validators: no condition", || read(200, tagged(), None)),
        // `Host` is part of the key, so each read is the first one.
        ("validators: first read", || {
            answers_each(200, layer().layer(tagged()), Method::GET, hosts())
        }),
        ("validators: bare first read", || {
            answers_each(200, tagged(), Method::GET, hosts())
        }),
        ("validators: read without a tag", || {
            answers(200, layer().layer(Handler::new()), Method::GET, None)
        }),
        ("validators: cookie", || {
            read(200, tagged(), Some((COOKIE, "session=1")))
        }),
        ("validators: write", || {
            answers(200, layer().layer(tagged()), Method::PUT, None)
        }),
        ("validators: write with tags", || {
            let tags = CacheTags::of(["notes", "note-1"]).expect("tags");
            let service = layer().tags(tags).layer(tagged());
            answers(200, service, Method::PUT, None)
        }),
        ("validators: OPTIONS", || {
            answers(200, layer().layer(tagged()), Method::OPTIONS, None)
        }),
    ]);
}

type Field<'a> = Option<(HeaderName, &'a str)>;

fn has(tag: &str) -> Field<'_> {
    Some((IF_NONE_MATCH, tag))
}

fn layer() -> ValidatorCacheLayer<MemoryValidatorStore> {
    ValidatorCacheLayer::new(ValidatorCache::new(MemoryValidatorStore::new()))
}

fn tagged() -> Handler {
    Handler::new().with(ETAG, CURRENT_TAG)
}

/// Sends requests to one resource. Its first response is remembered, and not counted.
fn read(status: u16, handler: Handler, field: Field<'_>) -> OneRequest {
    let service = layer().layer(handler);
    tag_of(service.clone());
    answers(status, service, Method::GET, field)
}

/// Returns the headers of each request to another host.
fn hosts() -> impl Iterator<Item = HeaderMap> {
    (0..HOSTS).map(|number| {
        let host = format!("{number:04}.test:3000");
        HeaderMap::from_iter([(HOST, HeaderValue::from_str(&host).expect("a value"))])
    })
}
