//! The conversion of a plan to a service.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, request::Parts};
use tokio::task::yield_now;
use tower::{Layer, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};
use tower_conditional::{
    CachePolicyLayer, CodingTagLayer, ConditionalLayer, EtagLayer, PreconditionLayer,
    ValidatorCacheLayer, ValidatorSource, Validators,
    body::RequestBody,
    cache_policy::CachePolicy,
    cache_tags::CacheTags,
    handler::{Expected, WithValidators},
    lock::KeyedLock,
    source::{self, SelfGet},
    store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};
use tower_http::compression::CompressionLayer;

use crate::{
    boxed::{Service, boxed},
    plan::{Guard, Plan, Requires, Step, Tags},
    seeded::Draw,
    store::{Rows, State, Store},
};

pub(crate) const PREFIX: &str = "/api/v1";
/// The version of the content, before any content coding.
pub(crate) const VERSION: &str = "x-version";
/// The number of a request, which also decides when other writers run.
pub(crate) const NUMBER: &str = "x-number";

fn number(headers: &HeaderMap) -> u64 {
    let number = headers.get(NUMBER).expect("every writer numbers requests");
    number.to_str().unwrap().parse().unwrap()
}

pub(crate) fn version(headers: &HeaderMap) -> Option<i64> {
    Some(headers.get(VERSION)?.to_str().unwrap().parse().unwrap())
}

/// Lets other writers run up to three times, depending on the number of the request.
async fn let_others_run(headers: &HeaderMap, place: u64) {
    for _ in 0..Draw::new(number(headers) * 4 + place).below(4) {
        yield_now().await;
    }
}

fn current(plan: &Plan, path: &str, state: State) -> Option<Validators> {
    Some(plan.tag(path, state?).into())
}

fn source(plan: &Plan, store: &Store) -> impl ValidatorSource + Clone + use<> {
    let (plan, store) = (plan.clone(), store.clone());
    source::from_fn(move |request: &Parts| {
        let (plan, store, request) = (plan.clone(), store.clone(), request.clone());
        async move {
            let_others_run(&request.headers, 1).await;
            let path = request.uri.path();
            current(&plan, path, store.lock().current(path))
        }
    })
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn read(plan: &Plan, path: &str, state: State) -> Response<Body> {
    let Some(version) = state else {
        return status(StatusCode::NOT_FOUND);
    };
    let content = format!("version {version} of {path} ").repeat(8);
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    headers.insert(VERSION, version.into());
    match current(plan, path, state).filter(|_| plan.tags != Tags::Hash) {
        Some(validators) => WithValidators(response, validators).into(),
        None => response,
    }
}

/// Compares and writes in one step, like a database.
fn write(plan: &Plan, rows: &mut Rows, request: &Request<Body>) -> Response<Body> {
    let (path, number) = (request.uri().path(), number(request.headers()));
    let state = rows.current(path);
    if state.is_none() && !plan.creates(request.method()) {
        return status(StatusCode::NOT_FOUND);
    }
    let mut perform = || {
        match *request.method() {
            Method::DELETE => rows.delete(path, number),
            _ => rows.put(path, number),
        }
        StatusCode::NO_CONTENT
    };
    let expected = Expected::of(request);
    let performed = match plan.step {
        Step::Lock => Ok(Some(perform())),
        Step::Check => expected
            .check(current(plan, path, state))
            .map(|()| Some(perform())),
        Step::Versions => {
            let fits = match expected.versions_of(&plan.version_tags(path)) {
                _ if expected.must_be_absent() => state.is_none(),
                Some(versions) => state.is_some_and(|version| versions.contains(&version)),
                None => state.is_some() || !expected.must_exist(),
            };
            expected.confirm_written(fits.then(perform))
        }
    };
    match performed {
        Ok(Some(done)) => status(done),
        Ok(None) => status(StatusCode::NOT_FOUND),
        Err(failed) => Response::<Bytes>::from(failed).map(Body::from),
    }
}

fn handler(plan: &Plan, store: &Store) -> Service {
    let (plan, store) = (plan.clone(), store.clone());
    boxed(service_fn(move |request: Request<Body>| {
        let (plan, store) = (plan.clone(), store.clone());
        async move {
            let_others_run(request.headers(), 2).await;
            let path = request.uri().path();
            let response = if request.method() == Method::GET {
                let state = store.lock().current(path);
                read(&plan, path, state)
            } else {
                write(&plan, &mut store.lock(), &request)
            };
            let_others_run(request.headers(), 3).await;
            Ok::<_, Infallible>(response)
        }
    }))
}

/// Configures a layer of any type according to the plan.
macro_rules! configured {
    ($plan:expr, $layer:expr) => {{
        let mut layer = $layer;
        if $plan.requires != Requires::Nothing {
            layer = layer.require();
        }
        if $plan.requires == Requires::Tag {
            layer = layer.require_tag();
        }
        if $plan.weak_if_match {
            layer = layer.weak_if_match();
        }
        if !$plan.put_creates {
            layer = layer.creates([]);
        }
        layer
    }};
}

fn self_get<S>(plan: &Plan, service: S) -> SelfGet<S> {
    let get = SelfGet::of(service);
    if plan.writers_may_read {
        get.writers_may_read()
    } else {
        get
    }
}

fn guarded(plan: &Plan, store: &Store, inner: Service) -> Service {
    let known = PreconditionLayer::new(source(plan, store));
    let get = self_get(plan, inner.clone());
    macro_rules! guard {
        ($layer:expr) => {
            boxed(configured!(plan, $layer).layer(inner))
        };
    }
    match plan.guard {
        Guard::None => inner,
        Guard::Unknown => guard!(PreconditionLayer::handler_checks()),
        Guard::Source => guard!(known),
        Guard::SelfGet => guard!(PreconditionLayer::self_get(get)),
        Guard::SourceAndSelfGet => guard!(known.with_self_get(get)),
    }
}

/// Returns the service of [`guarded`] with a lock. A lock reads the content first, so the body has
/// another type.
fn locked(plan: &Plan, store: &Store, inner: Service) -> Service {
    let inner = inner.map_request(|request: Request<RequestBody<Body>>| request.map(Body::new));
    let known = PreconditionLayer::new(source(plan, store));
    let get = self_get(plan, inner.clone());
    macro_rules! guard {
        ($layer:expr) => {{
            let lock = KeyedLock::new().timeout(Duration::from_secs(600));
            let key = |request: &Parts| Some(request.uri.path().to_owned());
            boxed(configured!(plan, $layer).lock(lock, key).layer(inner))
        }};
    }
    match plan.guard {
        Guard::SelfGet => guard!(PreconditionLayer::self_get(get)),
        Guard::SourceAndSelfGet => guard!(known.with_self_get(get)),
        _ => guard!(known),
    }
}

pub(crate) fn service(plan: &Plan, store: &Store) -> Service {
    let mut service = handler(plan, store);
    if plan.limit > 0 {
        let limit = usize::try_from(plan.limit).expect("a small number");
        service = boxed(ConcurrencyLimitLayer::new(limit).layer(service));
    }
    if plan.tags == Tags::Hash {
        let layer = EtagLayer::new();
        let layer = if plan.weak { layer.weak() } else { layer };
        service = boxed(layer.layer(service));
    }
    if plan.remembers {
        let cache = ValidatorCache::new(MemoryValidatorStore::new());
        let tags = |request: &Parts| CacheTags::of([request.uri.path()]).expect("a tag");
        let layer = ValidatorCacheLayer::new(cache).tags(tags);
        service = boxed(layer.layer(service));
    }
    service = match plan.step {
        Step::Lock => locked(plan, store, service),
        Step::Versions | Step::Check => guarded(plan, store, service),
    };
    service = if plan.sourced_reads {
        let reads = ConditionalLayer::new().source(source(plan, store));
        boxed(reads.layer(service))
    } else {
        boxed(ConditionalLayer::new().layer(service))
    };
    if plan.has_policy {
        service = boxed(CachePolicyLayer::new(CachePolicy::no_cache()).layer(service));
    }
    if plan.compresses {
        let around = ServiceBuilder::new().layer(CodingTagLayer::new());
        service = boxed(around.layer(CompressionLayer::new()).service(service));
    }
    if plan.nested {
        service = boxed(Router::new().nest_service(PREFIX, service));
    }
    service
}
