//! A write takes the tag of a read, in every stack that can be built.

use std::convert::Infallible;

use axum::body::Body;
use http::{HeaderValue, Request, Response, header};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_conditional::{
    CachePolicyLayer, ConditionalLayer, Current, EtagLayer, PreconditionLayer, ValidatorSource,
    VersionTags, cache_policy::CachePolicy, source, source::SelfGet, stack,
};

/// Returns a source that knows the version of `/known` alone.
fn versions() -> impl ValidatorSource + Clone {
    source::now(|request| match request.uri.path() {
        "/known" => Current::from(VersionTags::plain().number(7)),
        _ => Current::Unknown,
    })
}

async fn handle(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("hello")))
}

async fn send<S, B>(
    service: &S,
    method: &str,
    path: &str,
    field: Option<(&str, &HeaderValue)>,
) -> Response<B>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
{
    let mut request = Request::builder().method(method).uri(path);
    if let Some((name, value)) = field {
        request = request.header(name, value);
    }
    let request = request.body(Body::empty()).unwrap();
    service.clone().oneshot(request).await.unwrap()
}

/// Sends a read, and a read with its tag for a 304. Then sends a read and a write with the tag in
/// `If-Match`, and a write with another tag.
async fn check<L, B>(layer: L, refuses_elsewhere: bool)
where
    L: Layer<tower::util::BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>>,
    L::Service: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
{
    let service = tower::util::BoxCloneSyncService::new(service_fn(handle));
    let service = layer.layer(service);
    for path in ["/known", "/other"] {
        let read = send(&service, "GET", path, None).await;
        let tag = read.headers()[header::ETAG].clone();
        assert_eq!(tag == "\"7\"", path == "/known", "{path}: {tag:?}");
        for (method, field, status) in [
            ("GET", "if-none-match", 304),
            ("GET", "if-match", 200),
            ("PUT", "if-match", 200),
        ] {
            let answer = send(&service, method, path, Some((field, &tag))).await;
            assert_eq!(answer.status(), status, "{method} {field} {path}");
        }
        let stale = HeaderValue::from_static("\"6\"");
        let answer = send(&service, "PUT", path, Some(("if-match", &stale))).await;
        // In an unknown state the write reaches the handler.
        let refused = path == "/known" || refuses_elsewhere;
        assert_eq!(answer.status() == 412, refused, "{path}");
    }
}

/// Issue 10, A.3: a source wins over the hash inside, if reads have it, if writes have it, and if
/// both do.
#[tokio::test]
async fn a_source_in_any_place_wins_over_the_hash() {
    let reads = || ConditionalLayer::new().source(versions());
    let writes = || PreconditionLayer::new(versions());
    check(stack().precondition(writes()), false).await;
    check(stack().precondition(writes()).conditional(reads()), false).await;
    check(stack().conditional(reads()).precondition(writes()), false).await;
    check(
        stack()
            .precondition(writes())
            .conditional(ConditionalLayer::new()),
        false,
    )
    .await;
    check(
        stack()
            .cache_policy(CachePolicyLayer::new(CachePolicy::no_cache()))
            .etag(EtagLayer::new().weak())
            .etag(EtagLayer::new())
            .precondition(
                writes().with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read()),
            ),
        true,
    )
    .await;
}

/// Issue 10, A.3: with a source for reads alone, a true `If-Match` was once a 412.
#[tokio::test]
async fn a_true_if_match_on_a_read_holds() {
    let layer = stack().conditional(ConditionalLayer::new().source(versions()));
    let service = layer.layer(service_fn(handle));
    let seven = HeaderValue::from_static("\"7\"");
    let answer = send(&service, "GET", "/known", Some(("if-match", &seven))).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()[header::ETAG], seven);
}
