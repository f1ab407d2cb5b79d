//! Layers with nothing to do for a request, and layers that a router applies for each request.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    task::{Context, Poll},
};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, request::Parts};
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_conditional::{
    CachePolicyLayer, CacheStatusLayer, DigestLayer, IdempotencyLayer, StateRefLayer,
    ValidatorCacheLayer,
    cache_policy::CachePolicy,
    store::{MemoryIdempotencyStore, MemoryValidatorStore},
    validator_cache::ValidatorCache,
};

use crate::support::{Frames, Handler, allocations, request};

/// A handler that takes the content of any layer outside.
#[derive(Clone)]
struct AnyContent(Handler);

impl<B> Service<Request<B>> for AnyContent {
    type Response = Response<Frames>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Frames>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.0.call(request.map(|_| Empty::new()))
    }
}

fn handler() -> AnyContent {
    AnyContent(Handler::new(1024, 1024))
}

fn keys() -> IdempotencyLayer<MemoryIdempotencyStore> {
    IdempotencyLayer::new(MemoryIdempotencyStore::new(), |_| Some("alice"))
}

fn validators() -> ValidatorCacheLayer<MemoryValidatorStore> {
    ValidatorCacheLayer::new(ValidatorCache::new(MemoryValidatorStore::new()))
}

/// Returns the allocations that a layer adds to a request without conditions.
fn added_to<L, B>(layer: &L, method: &Method) -> i64
where
    L: Layer<AnyContent>,
    L::Service: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes>,
{
    let bare = allocations(handler(), || request(method, None));
    allocations(layer.layer(handler()), || request(method, None)) - bare
}

#[test]
fn requests_that_concern_no_layer_allocate_nothing() {
    let state = |_: &Parts| ready(Ok::<Option<HeaderValue>, Infallible>(None));
    let state = StateRefLayer::new(HeaderName::from_static("x-state"), state);
    let status = CacheStatusLayer::new("notes", |_| false).expect("a name");
    let policy = CachePolicyLayer::new(CachePolicy::no_cache());
    // A `GET` is looked up, and a `POST` that changes nothing is not.
    let queries = validators().reads(|_| true);
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        let added = [
            ("state", added_to(&state, &method)),
            ("status", added_to(&status, &method)),
            ("keys", added_to(&keys(), &method)),
            ("digest", added_to(&DigestLayer::verify(), &method)),
            (
                "required digest",
                added_to(&DigestLayer::verify().require(), &method),
            ),
        ];
        assert!(added.iter().all(|(_, count)| *count == 0), "{added:?}");
    }
    for method in [Method::POST, Method::OPTIONS] {
        let added = (added_to(&policy, &method), added_to(&queries, &method));
        assert_eq!(added, (0, 0), "{method}");
    }
}

/// A router without its state applies its layers for each request.
#[test]
fn layers_with_stores_are_applied_without_an_allocation() {
    fn applied<L: Layer<AnyContent> + Clone>(layer: &L) -> u64 {
        let handler = handler();
        measure(|| drop(black_box(layer.clone().layer(handler)))).count_total
    }
    let vary = [HeaderName::from_static("x-tenant")];
    let validators = validators().vary(vary).principal(|_| Some("alice"));
    let digest = DigestLayer::verify().require();
    let added = (applied(&keys()), applied(&validators), applied(&digest));
    assert_eq!(added, (0, 0, 0));
}
