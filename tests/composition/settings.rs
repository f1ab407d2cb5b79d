//! Settings that would switch a layer off, or break it, are refused when they are set.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    panic::catch_unwind,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, request::Parts};
use http_body_util::Full;
use tower::{Layer, Service, service_fn, util::ServiceFn};
use tower_conditional::{
    CachePolicyLayer, CacheStatusLayer, CacheTagsLayer, DigestLayer, EtagLayer, PreconditionLayer,
    StateRefLayer, ValidatorCacheLayer,
    audit::Audit,
    cache_policy::CachePolicy,
    cache_tags::{CacheTagSource, CacheTags},
    clock::{Clock, SystemClock},
    lock::KeyedLock,
    purge::{HttpPurger, Purge, Purger},
    refusal::{ProblemJson, RenderRefusal},
    source::{SelfGet, ValidatorSource, now},
    store::{MemoryIdempotencyStore, MemoryValidatorStore},
    validator_cache::ValidatorCache,
};

/// Returns the message of the refusal.
fn refused<T>(set: impl FnOnce() -> T + std::panic::UnwindSafe) -> String {
    let panic = catch_unwind(set).err().expect("a refusal");
    *panic.downcast::<String>().expect("a text")
}

fn state_layer() -> StateRefLayer<impl tower_conditional::state_ref::StateSource> {
    let latest = |_: &Parts| ready(Ok::<_, Infallible>(None::<HeaderValue>));
    StateRefLayer::new(HeaderName::from_static("x-state"), latest)
}

/// The settings that `tests/layering` lists with a panic, except those with tests of their own.
#[test]
fn zero_is_refused_with_the_remedy() {
    const ZERO: Duration = Duration::ZERO;
    let cache = || ValidatorCache::new(MemoryValidatorStore::new());
    let known = || now(|_: &Parts| None::<tower_conditional::EntityTag>);
    for (message, remedy) in [
        (refused(|| Audit::new().max_findings(0)), "use some"),
        (refused(|| Audit::new().max_targets(0)), "use some"),
        (
            refused(|| EtagLayer::new().max_body_bytes(0)),
            "leave the layer out",
        ),
        (
            refused(|| DigestLayer::verify().max_body_bytes(0)),
            "use `streaming`",
        ),
        (
            refused(|| KeyedLock::new().hold_timeout(ZERO)),
            "use some seconds",
        ),
        (refused(|| known().timeout(ZERO)), "use some seconds"),
        (
            refused(|| SelfGet::inner_tells_methods_apart().timeout(ZERO)),
            "use some seconds",
        ),
        (refused(|| state_layer().timeout(ZERO)), "use some seconds"),
        (refused(|| cache().store_timeout(ZERO)), "milliseconds"),
        (
            refused(|| ValidatorCacheLayer::new(cache()).collapse(ZERO)),
            "leave `collapse` out",
        ),
    ] {
        assert!(message.starts_with("invalid "), "{message}");
        assert!(
            message.contains(" 0") && message.contains(remedy),
            "{message}"
        );
    }
}

/// A number of bytes is often meant as one of MiB.
#[test]
fn a_store_without_room_is_refused() {
    for bytes in [0, 64, (64 << 10) - 1] {
        for message in [
            refused(|| MemoryIdempotencyStore::new().max_bytes(bytes)),
            refused(|| MemoryValidatorStore::new().max_bytes(bytes)),
        ] {
            let expected = format!("invalid limit of {bytes} bytes: use 64 KiB or more");
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}

/// A program may share what it configures among its layers.
#[test]
fn unit_types_and_shared_values_can_be_given_to_layers() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let render: Arc<dyn RenderRefusal> = Arc::new(ProblemJson);
    let tags: Arc<dyn CacheTagSource> = Arc::new(CacheTags::new());
    let layer = PreconditionLayer::handler_checks();
    let layer = layer.clock(SystemClock).refusals(ProblemJson);
    let _ = layer.clock(clock).refusals(render);
    let _ = CacheTagsLayer::new(tags);
    let purger = HttpPurger::varnish(service_fn(answer), "http://a/".parse().unwrap());
    let purger = Arc::new(purger.unwrap());
    // The default of the trait would be one part.
    assert!(purger.parts(Purge::new()).is_empty());
}

type Answer = Ready<Result<Response<Full<Bytes>>, Infallible>>;
type TestService = ServiceFn<fn(Request<Full<Bytes>>) -> Answer>;

fn answer(_: Request<Full<Bytes>>) -> Answer {
    ready(Ok(Response::default()))
}

/// The derived `Debug` of a service inside shows the future of a layer outside.
#[test]
fn the_futures_of_all_layers_have_a_debug_form() {
    fn text<L>(layer: &L) -> String
    where
        L: Layer<TestService, Service: Service<Request<Full<Bytes>>>>,
        <L::Service as Service<Request<Full<Bytes>>>>::Future: std::fmt::Debug,
    {
        let service = service_fn(answer as fn(_) -> _);
        format!("{:?}", layer.layer(service).call(Request::default()))
    }

    for text in [
        text(&EtagLayer::new()),
        text(&CachePolicyLayer::new(CachePolicy::no_cache())),
        text(&CacheStatusLayer::new("a", |_| true).expect("a name")),
    ] {
        assert!(text.starts_with("ResponseFuture"), "{text}");
    }
    let source = now(|_: &Parts| None::<tower_conditional::EntityTag>);
    assert_eq!(format!("{source:?}"), "Now { .. }");
}
