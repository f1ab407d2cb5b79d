//! The bare handler, and layers that have nothing to do.

use std::{convert::Infallible, fmt::Debug};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, header::CACHE_CONTROL, request::Parts,
};
use tower::{Layer, Service, layer::util::Identity};
use tower_conditional::{
    CachePolicyLayer, CacheStatusLayer, CacheTagsLayer, CodingTagLayer, ConditionalLayer,
    EtagLayer, PreconditionLayer, RangeLayer, StateRefLayer, cache_policy::CachePolicy,
    cache_tags::CacheTags, etag::Xxh3, stack, state_ref::StateSource,
};
use tower_conditional_gate::{Body, Handler, OneRequest, answers, policy, run, source};

/// Returns a `POST`, a stream and a plain `GET` for each layer.
macro_rules! paths {
    ($($name:literal: $layer:expr, $handler:expr;)*) => {
        run(&[$(
            (concat!("POST: ", $name), || one(Method::POST, $layer, $handler)),
            (concat!("stream: ", $name), || one(Method::GET, $layer, $handler.stream())),
            (concat!("GET: ", $name), || one(Method::GET, $layer, $handler)),
        )*])
    };
}

fn main() {
    paths! {
        "bare": Identity::new(), Handler::new();
        "conditional": ConditionalLayer::new(), Handler::new();
        "conditional, source": ConditionalLayer::new().source(source()), Handler::new();
        "precondition": PreconditionLayer::new(source()), Handler::new();
        "etag": etag(), Handler::new();
        "range": RangeLayer::new(), Handler::new();
        "state reference": state_reference(), Handler::new();
        "coding": CodingTagLayer::new(), Handler::new();
        "policy that yields": yields(), Handler::new().with(CACHE_CONTROL, "max-age=5");
        "cache tags": CacheTagsLayer::new(CacheTags::new()), Handler::new();
        "cache status": CacheStatusLayer::new("gate", |_| false).expect("a name"), Handler::new();
        // This layer always has its policy to apply.
        "full stack": stack().cache_policy(policy().without_date())
            .precondition(PreconditionLayer::handler_checks()).etag(etag()), Handler::new();
        "full stack, source": stack().cache_policy(policy().without_date())
            .precondition(PreconditionLayer::new(source())).etag(etag()), Handler::new();
    }
}

fn one<L, B>(method: Method, layer: L, handler: Handler) -> OneRequest
where
    L: Layer<Handler>,
    L::Service: Service<Request<Body>, Response = Response<B>, Error: Debug> + 'static,
    B: http_body::Body<Data = Bytes, Error: Debug>,
{
    answers(200, layer.layer(handler), method, None)
}

/// Returns a layer whose limit is below content of 1 KiB.
fn etag() -> EtagLayer<Xxh3> {
    EtagLayer::new().hasher(Xxh3::new()).max_body_bytes(512)
}

fn state_reference() -> StateRefLayer<impl StateSource> {
    let source = |_: &Parts| async { Ok::<_, Infallible>(None::<HeaderValue>) };
    StateRefLayer::new(HeaderName::from_static("x-state"), source)
}

fn yields() -> CachePolicyLayer {
    CachePolicyLayer::new(CachePolicy::no_cache().yield_to_handler()).without_date()
}
