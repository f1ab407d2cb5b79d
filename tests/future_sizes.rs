//! The sizes of futures and bodies. Each layer outside moves a future once, so a byte in the future
//! of one layer is copied by all of them.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use bytes::Bytes;
use http::{HeaderName, Request, Response, request::Parts};
use http_body_util::Full;
use tower::{Layer, Service, util::ServiceFn};
use tower_conditional::{
    Audit, AuditLayer, CachePolicyLayer, CacheStatusLayer, CacheTagsLayer, CodingTagLayer,
    ConditionalLayer, Current, EtagLayer, PreconditionLayer, RangeLayer, StateRefLayer,
    ValidatorSource, body::ResponseBody, cache_policy::CachePolicy, cache_tags::CacheTags, source,
    stack,
};

type Content = Full<Bytes>;
type Answer = Ready<Result<Response<Content>, Infallible>>;
type Handler = ServiceFn<fn(Request<Content>) -> Answer>;

/// Returns the bytes that `layer` adds to the future of the service.
fn added<L>(_: L) -> usize
where
    L: Layer<Handler>,
    L::Service: Service<Request<Content>>,
{
    size_of::<<L::Service as Service<Request<Content>>>::Future>() - size_of::<Answer>()
}

fn source() -> impl ValidatorSource {
    source::now(|_| Current::Unknown)
}

/// A figure may be lowered. A figure that is raised needs a reason beside it.
#[test]
fn a_future_keeps_little_beside_that_of_the_service() {
    let policy = || CachePolicyLayer::new(CachePolicy::no_cache());
    let state = |_: &Parts| ready(Ok::<Option<http::HeaderValue>, Infallible>(None));
    let layers = [
        ("EtagLayer", added(EtagLayer::new()), 16),
        // 16 bytes are the clock, which is no type parameter.
        ("ConditionalLayer", added(ConditionalLayer::new()), 136),
        (
            "ConditionalLayer::source",
            added(ConditionalLayer::new().source(source())),
            136,
        ),
        (
            "PreconditionLayer",
            added(PreconditionLayer::new(source())),
            // These bytes replace a box for each write that a source decides at once.
            56,
        ),
        // `Range` and `If-Range` of a request, instead of a box for each part.
        ("RangeLayer", added(RangeLayer::new()), 120),
        ("CachePolicyLayer", added(policy()), 48),
        ("CodingTagLayer", added(CodingTagLayer::new()), 32),
        (
            "CacheTagsLayer",
            added(CacheTagsLayer::new(CacheTags::new())),
            32,
        ),
        (
            "CacheStatusLayer",
            added(CacheStatusLayer::new("notes", |_| true).unwrap()),
            16,
        ),
        ("AuditLayer", added(AuditLayer::new(Audit::new())), 280),
        (
            "StateRefLayer",
            added(StateRefLayer::new(
                HeaderName::from_static("x-state"),
                state,
            )),
            0,
        ),
        ("stack()", added(stack()), 152),
        (
            "full stack",
            added(
                stack()
                    .cache_policy(policy())
                    .precondition(PreconditionLayer::new(source())),
            ),
            256,
        ),
    ];
    let larger: Vec<_> = layers
        .into_iter()
        .filter(|(_, size, most)| size > most)
        .collect();
    assert!(larger.is_empty(), "name, bytes, limit: {larger:?}");
}

/// A body has one word more than its bytes, and each layer adds nothing.
#[test]
fn a_body_does_not_grow_with_the_layers() {
    type One = ResponseBody<Content>;
    type Three = ResponseBody<ResponseBody<One>>;
    assert_eq!(size_of::<One>(), size_of::<Bytes>() + 8);
    assert_eq!(size_of::<Three>(), size_of::<One>());
}

/// A read carries the use of its response in a box. A 304 that was made at once takes the place of
/// the service's future.
#[cfg(feature = "tokio")]
#[test]
fn a_read_with_remembered_validators_has_a_small_future() {
    use tower_conditional::{store::MemoryValidatorStore, validator_cache::ResponseFuture};

    type Remembered = ResponseFuture<Answer, Content, Infallible, MemoryValidatorStore>;
    let added = size_of::<Remembered>() - size_of::<Answer>();
    assert!(added <= 16, "{added}");
}

/// A request without a digest carries nothing, and one that has it a box.
#[test]
fn a_request_without_a_digest_has_a_small_future() {
    use tower_conditional::digest::ResponseFuture;

    type Verified = ResponseFuture<Answer, Content, Infallible>;
    let added = size_of::<Verified>() - size_of::<Answer>();
    assert!(added <= 8, "{added}");
}

/// A request without a key carries the state of one that has it: a box, and no more.
#[cfg(feature = "tokio")]
#[test]
fn a_request_without_a_key_has_a_small_future() {
    use tower_conditional::idempotency::ResponseFuture;

    type Keyed = ResponseFuture<Answer, Content, Infallible>;
    let added = size_of::<Keyed>() - size_of::<Answer>();
    assert!(added <= 8, "{added}");
}
