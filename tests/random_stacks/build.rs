//! The conversion of a plan to a service.

use std::{convert::Infallible, future::ready, sync::atomic::Ordering};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::StreamBody;
use tower::{Layer, ServiceBuilder, service_fn};
use tower_conditional::{
    CachePolicyLayer, CodingTagLayer, ConditionalLayer, EtagLayer, PreconditionLayer,
    ValidatorSource,
    clock::{Clock, SystemClock},
    handler::Expected,
    source::{self, SelfGet},
    stack,
    validator::HttpDate,
};
use tower_http::compression::CompressionLayer;

use crate::{
    boxed::{Service, boxed},
    plan::{Hash, Plan, Writes},
};

fn handler(plan: &Plan) -> Service {
    let plan = plan.clone();
    #[cfg(feature = "tokio")]
    let remembers = plan.remembers;
    let handler = boxed(service_fn(move |request: Request<Body>| {
        ready(Ok::<_, Infallible>(respond(&plan, &request)))
    }));
    #[cfg(feature = "tokio")]
    if remembers {
        return remember(handler);
    }
    handler
}

#[cfg(feature = "tokio")]
fn remember(handler: Service) -> Service {
    use tower_conditional::{
        ValidatorCacheLayer, store::MemoryValidatorStore, validator_cache::ValidatorCache,
    };

    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let layer = ValidatorCacheLayer::new(cache).vary([http::header::ACCEPT_LANGUAGE]);
    boxed(layer.layer(handler))
}

fn respond(plan: &Plan, request: &Request<Body>) -> Response<Body> {
    plan.ran.fetch_add(1, Ordering::SeqCst);
    let mut response = Response::new(Body::empty());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let checked = if plan.writes == Writes::HandlerChecks {
            Expected::of(request).check(plan.compared())
        } else {
            Ok(())
        };
        *response.status_mut() = match checked {
            Ok(()) => StatusCode::NO_CONTENT,
            Err(_) => StatusCode::PRECONDITION_FAILED,
        };
        return response;
    }
    let content = Bytes::from("a note that is long enough to be compressed ".repeat(8));
    *response.body_mut() = if plan.streams {
        let frame = http_body::Frame::data(content);
        Body::new(StreamBody::new(tokio_stream::once(Ok::<_, Infallible>(
            frame,
        ))))
    } else {
        Body::from(content)
    };
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert("content-type", "text/plain".parse().expect("a type"));
    for (name, value) in plan.own_fields() {
        headers.insert(name, value);
    }
    plan.own_validators().write_to(headers, now);
    response
}

fn now() -> HttpDate {
    SystemClock.now().into()
}

fn source(plan: &Plan) -> impl ValidatorSource + Clone + use<> {
    let plan = plan.clone();
    source::now(move |_| plan.current())
}

fn etag_layer(hash: Hash) -> EtagLayer {
    match hash {
        Hash::None | Hash::Sha256 => EtagLayer::new(),
        Hash::Weak => EtagLayer::new().weak(),
        Hash::Keyed => EtagLayer::new().keyed([7; 16]).expect("long enough"),
    }
}

fn conditional(plan: &Plan) -> ConditionalLayer {
    if plan.head_as_get {
        ConditionalLayer::new().head_as_get()
    } else {
        ConditionalLayer::new()
    }
}

/// Makes a branch for each policy, since each has its own type.
macro_rules! with_policy {
    ($plan:expr, $stack:expr) => {
        match $plan.cache_policy() {
            None => boxed($stack.layer(handler($plan))),
            Some(policy) => {
                let stack = $stack.cache_policy(CachePolicyLayer::new(policy));
                boxed(stack.layer(handler($plan)))
            }
        }
    };
}

macro_rules! with_writes {
    ($plan:expr, $stack:expr) => {{
        macro_rules! requiring {
            ($layer:expr) => {
                if $plan.requires {
                    $layer.require()
                } else {
                    $layer
                }
            };
        }
        match $plan.writes {
            Writes::Unchecked => with_policy!($plan, $stack),
            Writes::HandlerChecks => {
                let layer = requiring!(PreconditionLayer::handler_checks());
                with_policy!($plan, $stack.precondition(layer))
            }
            Writes::SelfGet => {
                let layer = requiring!(PreconditionLayer::self_get(
                    SelfGet::inner_tells_methods_apart().writers_may_read()
                ));
                with_policy!($plan, $stack.precondition(layer))
            }
            Writes::Source => {
                let layer = requiring!(PreconditionLayer::new(source($plan)));
                with_policy!($plan, $stack.precondition(layer))
            }
            Writes::SourceAndSelfGet => {
                let layer = PreconditionLayer::new(source($plan))
                    .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
                let layer = requiring!(layer);
                with_policy!($plan, $stack.precondition(layer))
            }
        }
    }};
}

pub(crate) fn service(plan: &Plan) -> Service {
    let stack = stack().etag(etag_layer(plan.hash));
    let layered = match (plan.hash, plan.sourced_reads) {
        (Hash::None, false) => {
            with_writes!(plan, stack.conditional(conditional(plan)).without_etag())
        }
        (Hash::None, true) => {
            let reads = conditional(plan).source(source(plan));
            with_writes!(plan, stack.conditional(reads).without_etag())
        }
        (_, false) => with_writes!(plan, stack.conditional(conditional(plan))),
        (_, true) => {
            let reads = conditional(plan).source(source(plan));
            with_writes!(plan, stack.conditional(reads))
        }
    };
    if plan.compresses {
        let around = ServiceBuilder::new()
            .layer(CodingTagLayer::new())
            .layer(CompressionLayer::new());
        boxed(around.service(layered))
    } else {
        layered
    }
}
