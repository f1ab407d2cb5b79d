//! Cache tags, and tags of coded content.

use std::convert::Infallible;

use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH},
};
use tokio::runtime::Builder;
use tower::Layer;
use tower_conditional::{
    CacheTagsLayer, CodingTagLayer, ConditionalLayer,
    cache_tags::CacheTags,
    purge::{Purge, PurgeLimits, PurgeQueue},
};
use tower_conditional_gate::{
    CURRENT_TAG, EditedAnswer, Handler, OneRequest, answers, answers_each, run,
};

/// More than the requests that are counted.
const REQUESTS: usize = 1000;

fn main() {
    run(&[
        ("cache tags: read", read),
        ("cache tags: write, purged", purged),
        ("coding: 200", || coded(200, None)),
        ("coding: 304", || {
            coded(304, Some("\"a-tag-of-the-current-01-gzip\""))
        }),
    ]);
}

fn tags() -> CacheTags {
    CacheTags::of(["notes", "note-1"]).expect("tags")
}

fn read() -> OneRequest {
    let service = CacheTagsLayer::new(tags()).layer(Handler::new());
    answers(200, service, Method::GET, None)
}

/// Sends writes whose purges stay in the queue, since nothing polls its task.
fn purged() -> OneRequest {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let inside = runtime.enter();
    let limits = PurgeLimits::new().max_queued(REQUESTS).expect("a number");
    let queue = PurgeQueue::with_limits(|_: Purge| async { Ok::<_, Infallible>(()) }, limits);
    drop(inside);
    let service = CacheTagsLayer::new(tags())
        .purge(queue)
        .layer(Handler::new());
    let mut one_request = answers(200, service, Method::PUT, None);
    Box::new(move || {
        let _open = &runtime;
        one_request()
    })
}

fn coded(status: u16, tag: Option<&'static str>) -> OneRequest {
    let handler = EditedAnswer::new(|response| {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(CONTENT_ENCODING, gzip);
        let tag = HeaderValue::from_static(CURRENT_TAG);
        response.headers_mut().insert(ETAG, tag);
    });
    let service = CodingTagLayer::new().layer(ConditionalLayer::new().layer(handler));
    let gzip = (ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let tag = tag.map(|tag| (IF_NONE_MATCH, HeaderValue::from_static(tag)));
    let head: HeaderMap = [gzip].into_iter().chain(tag).collect();
    let heads = std::iter::repeat_n(head, REQUESTS);
    answers_each(status, service, Method::GET, heads)
}
