//! The allocations of tags, and of reads whose response has the validators.

use std::{
    convert::Infallible,
    future::ready,
    hint::black_box,
    time::{Duration, UNIX_EPOCH},
};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, header, request::Parts};
use tower::{Layer, util::MapResponse};
use tower_conditional::{
    Audit, AuditLayer, CachePolicyLayer, CacheStatusLayer, CacheTagsLayer, CodingTagLayer,
    ConditionalLayer, Current, EtagLayer, PreconditionLayer, StateRefLayer, VersionTags,
    cache_policy::{CachePolicy, Rule},
    cache_tags::{CacheTags, TagField},
    refusal::Refusal,
    source, stack,
};

use crate::support::{Frames, Handler, added, cost, difference};

/// A layer with nothing to do allocates nothing.
#[test]
fn nothing_to_do_allocates_nothing() {
    let hello = || Handler::new(1024, 1024);
    let cases = [
        ("POST", Method::POST, hello()),
        (
            "SSE",
            Method::GET,
            hello().with(header::CONTENT_TYPE, "text/event-stream"),
        ),
        ("too long", Method::GET, Handler::new((1 << 20) + 1, 16384)),
        ("unknown length", Method::GET, hello().unsized_()),
        ("tagged", Method::GET, hello().with(header::ETAG, "\"v1\"")),
        (
            "no-store",
            Method::GET,
            hello().with(header::CACHE_CONTROL, "no-store"),
        ),
    ];
    for (name, method, handler) in cases {
        assert_eq!(
            added(&EtagLayer::new(), &handler, &method, None),
            (0, 0),
            "{name}"
        );
        assert_eq!(
            added(&ConditionalLayer::new(), &handler, &method, None),
            (0, 0),
            "{name}"
        );
        assert_eq!(
            added(&CodingTagLayer::new(), &handler, &method, None),
            (0, 0),
            "{name}"
        );
    }
}

/// The layer allocates the tag, and the box that makes a polled body movable.
#[test]
fn hashing_one_frame_allocates_twice_and_copies_nothing() {
    for length in [0, 256, 1024, 64 * 1024, 1 << 20] {
        let handler = Handler::new(length, 1 << 20);
        let (count, bytes) = added(&EtagLayer::new(), &handler, &Method::GET, None);
        // If SHA-256 pauses, the state of a long hash is stored in a box.
        let parked = i64::from(length > 128 * 1024);
        let polled = i64::from(length > 0);
        assert_eq!(count, 1 + polled + parked, "{length}");
        assert!(bytes <= 4096, "{length}: {bytes} bytes held");
    }
}

/// The digest of content in one frame allocates the value of its header, and nothing else.
#[test]
fn a_digest_allocates_its_header() {
    for length in [0, 256, 1024, 64 * 1024] {
        let handler = Handler::new(length, 1 << 20);
        let count = |layer: &EtagLayer| added(layer, &handler, &Method::GET, None).0;
        let tag = count(&EtagLayer::new());
        assert_eq!(count(&EtagLayer::new().repr_digest()) - tag, 1, "{length}");
    }
}

#[cfg(feature = "xxh3")]
#[test]
fn hashing_64_frames_holds_no_copy() {
    let layer = EtagLayer::new().hasher(tower_conditional::etag::Xxh3::new());
    let handler = Handler::new(1 << 20, 16 * 1024);
    let bare = cost(handler.clone(), &Method::GET, None);
    let layered = cost(layer.layer(handler), &Method::GET, None);
    let (count, bytes) = difference(&layered, &bare);
    assert!(count + 5 <= 14, "{count} allocations over the bare service");
    assert!(bytes <= 16 * 1024, "{bytes} bytes held");
}

/// Issue 10, A.5: small frames and frames without data cost at most the limit beside the content.
/// While their list grows, they cost half of it again.
#[test]
fn frames_of_a_body_are_kept_within_the_limit() {
    for limit in [1_usize << 12, 1 << 15] {
        let layer = EtagLayer::new().max_body_bytes(limit);
        let most = (limit + limit / 2) as i64 + 4096;
        for frame in [1, 16, 31] {
            let handler = Handler::new(limit, frame);
            let (_, bytes) = added(&layer, &handler, &Method::GET, None);
            assert!(bytes <= most, "{limit}, {frame}: {bytes} bytes held");
        }
        let handler = Handler::new(16, 16).after_empty_frames(5000);
        let (_, bytes) = added(&layer, &handler, &Method::GET, None);
        assert!(bytes <= most, "{limit}: {bytes} bytes held");
    }
}

/// A 304 for a tag of the handler costs the length that it repeats.
#[test]
fn a_304_allocates_once() {
    let handler = Handler::new(1024, 1024).with(header::ETAG, "\"v1\"");
    let layer = ConditionalLayer::new();
    assert_eq!(added(&layer, &handler, &Method::GET, Some("\"v1\"")).0, 1);
    assert_eq!(added(&layer, &handler, &Method::GET, Some("\"v2\"")).0, 0);
}

/// The two layers together cost what they cost separately.
#[test]
fn a_stack_adds_nothing_of_its_own() {
    let handler = Handler::new(1024, 1024);
    let bare = cost(handler.clone(), &Method::GET, None);
    let layered = cost(stack().layer(handler), &Method::GET, None);
    assert_eq!(difference(&layered, &bare).0, 2);
}

/// A tag from a version costs the header value and nothing else.
#[test]
fn a_tag_from_a_version_allocates_once() {
    let keyed = VersionTags::keyed([7; 32]).unwrap();
    let scoped = [VersionTags::plain(), keyed.clone()].map(|tags| tags.scope("notes/17"));
    for tags in [VersionTags::plain(), keyed].into_iter().chain(scoped) {
        let makes: [(&str, &dyn Fn()); 7] = [
            ("number", &|| drop(black_box(tags.number(42)))),
            ("scope", &|| {
                drop(black_box(tags.scope("notes/18").number(42)));
            }),
            ("uuid", &|| drop(black_box(tags.uuid([7; 16])))),
            ("fraction", &|| {
                let written = UNIX_EPOCH + Duration::new(1, 5);
                drop(black_box(tags.timestamp(written)));
            }),
            ("whole", &|| drop(black_box(tags.timestamp(UNIX_EPOCH)))),
            ("bytes", &|| drop(black_box(tags.bytes(&[7; 100])))),
            ("collection", &|| drop(black_box(tags.collection(3, 42)))),
        ];
        for (name, make) in makes {
            assert_eq!(measure(make).count_total, 1, "{name}");
        }
    }
}

/// The layer allocates the new value of `ETag`, and nothing else.
#[test]
fn a_suffix_allocates_one_tag() {
    let gzip = |handler: Handler| {
        MapResponse::new(handler, |mut response: Response<Frames>| {
            let coding = HeaderValue::from_static("gzip");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, coding);
            response
        })
    };
    let handler = Handler::new(1024, 1024).with(header::ETAG, "\"v1\"");
    let bare = cost(gzip(handler.clone()), &Method::GET, None);
    let layer = CodingTagLayer::new();
    let layered = cost(layer.layer(gzip(handler)), &Method::GET, None);
    assert_eq!(difference(&layered, &bare).0, 1);
}

/// Returns the allocations of a cloned layer, and of its service.
fn applied<L>(layer: &L) -> u64
where
    L: Layer<Handler> + Clone,
{
    let handler = Handler::new(1024, 1024);
    measure(|| drop(black_box(layer.clone().layer(handler.clone())))).count_total
}

/// An axum router without its state applies its layers for each request. Each layer here has
/// everything that could be copied with it.
#[test]
fn a_layer_is_cloned_and_applied_without_an_allocation() {
    let source = source::now(|_| Current::Unknown);
    let state = |_: &Parts| ready(Ok::<Option<HeaderValue>, Infallible>(None));
    let field = HeaderName::from_static("x-state");
    let text = |_: &Refusal<'_>| (HeaderValue::from_static("text/plain"), Bytes::new());
    let policy = || CachePolicyLayer::new(CachePolicy::read_mostly_json());
    let rule = Rule::new(CachePolicy::no_cache()).path("/notes/{id}");
    let tags = CacheTags::of(["notes", "note-17"]).unwrap();
    let layers = [
        ("stack", applied(&stack())),
        ("EtagLayer", applied(&EtagLayer::new().build_id("7"))),
        ("ConditionalLayer", applied(&ConditionalLayer::new())),
        (
            "ConditionalLayer::source",
            applied(&ConditionalLayer::new().source(source)),
        ),
        (
            "PreconditionLayer",
            applied(&PreconditionLayer::new(source).creates([Method::PUT])),
        ),
        ("CachePolicyLayer", applied(&policy())),
        (
            "CachePolicyLayer::rule",
            applied(&policy().rule(rule.unwrap()).unwrap()),
        ),
        ("CodingTagLayer", applied(&CodingTagLayer::new())),
        (
            "CodingTagLayer::codings",
            applied(&CodingTagLayer::new().codings(["dcb", "gzip"]).unwrap()),
        ),
        (
            "CacheStatusLayer",
            applied(&CacheStatusLayer::new("notes", |_| true).unwrap()),
        ),
        (
            "CacheTagsLayer",
            applied(
                &CacheTagsLayer::new(tags)
                    .fields([TagField::CacheGroups, TagField::Xkey])
                    .reads(|_| false),
            ),
        ),
        (
            "StateRefLayer",
            applied(&StateRefLayer::new(field, state).refusals(text)),
        ),
        ("AuditLayer", applied(&AuditLayer::new(Audit::new()))),
    ];
    let allocating: Vec<_> = layers.into_iter().filter(|(_, count)| *count > 0).collect();
    assert!(allocating.is_empty(), "name, allocations: {allocating:?}");
}
