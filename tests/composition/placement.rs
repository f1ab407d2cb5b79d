//! The layers that ask a source first, at each place in a router.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Request, State},
    handler::Handler,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{Route, delete, get, put},
};
use tower::{ServiceBuilder, layer::layer_fn, util::BoxCloneSyncService};
use tower_conditional::{PreconditionLayer, VersionTags, source, source::SelfGet, stack};

use crate::support::{Fields, send};

type Version = Arc<AtomicI64>;

/// The user that sends a request.
#[derive(Clone)]
struct Caller(&'static str);

async fn read(
    Path(id): Path<i64>,
    caller: Option<Extension<Caller>>,
    State(version): State<Version>,
) -> Result<impl IntoResponse, StatusCode> {
    if caller.is_some_and(|Extension(Caller(name))| name == "guest") {
        return Err(StatusCode::FORBIDDEN);
    }
    if id != 1 {
        return Err(StatusCode::NOT_FOUND);
    }
    let tag = VersionTags::plain().number(version.load(Ordering::SeqCst));
    Ok(([("etag", tag.as_header_value().clone())], "a note"))
}

async fn write(Path(_): Path<i64>, State(version): State<Version>) -> StatusCode {
    version.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

fn routes() -> Router<Version> {
    Router::new().route("/notes/{id}", get(read).put(write).delete(write))
}

fn version() -> Version {
    Version::new(AtomicI64::new(7))
}

async fn authenticate(mut request: Request, next: Next) -> Response {
    let caller = match request.headers().get("authorization") {
        None => return StatusCode::UNAUTHORIZED.into_response(),
        Some(name) if name == "guest" => Caller("guest"),
        Some(_) => Caller("owner"),
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// R-9110-13.1.1-b, R-9110-13.1.1-d, R-9110-13.1.1-c, R-9110-13.2.1-b: the writes of a router with
/// this layer.
async fn assert_guarded<S>(service: &S, place: &str)
where
    S: tower::Service<Request, Response = Response, Error = std::convert::Infallible> + Clone,
{
    for (method, path, fields, expected) in [
        ("PUT", "/notes/1", &[("if-match", "\"6\"")][..], 412),
        ("PUT", "/notes/1", &[("if-none-match", "*")], 412),
        ("PUT", "/notes/2", &[("if-match", "*")], 412),
        ("DELETE", "/notes/2", &[("if-match", "\"7\"")], 404),
        ("PUT", "/notes/1", &[], 428),
        ("PUT", "/notes/1", &[("if-match", "\"7\"")], 204),
        ("PUT", "/notes/1", &[("if-match", "\"7\"")], 412),
        ("DELETE", "/notes/1", &[("if-match", "\"8\"")], 204),
        ("GET", "/notes/1", &[("if-match", "\"0\"")], 200),
    ] {
        let fields: Fields<'_> = fields;
        let reply = send(service, method, path, fields).await;
        assert_eq!(
            reply.status, expected,
            "{place}: {method} {path} {fields:?}"
        );
        if reply.status == 412 && path == "/notes/1" {
            assert_eq!(reply.body, b"a note", "{place}");
            // The resource of the representation is known only with the feature.
            let known = cfg!(feature = "axum").then_some(path);
            assert_eq!(reply.field("content-location"), known);
            assert!(["\"7\"", "\"8\""].contains(&reply.tag()));
        }
    }
}

/// The layer is around the whole router, which tells methods apart.
#[tokio::test]
async fn around_a_router() {
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .require();
    let service = ServiceBuilder::new()
        .map_response(|response: Response<_>| response.map(Body::new))
        .layer(layer)
        .service(routes().with_state(version()));
    assert_guarded(&service, "around").await;
}

/// R-9110-13.2.1-b
async fn assert_the_router_comes_first(router: &Router, place: &str) {
    for fields in [&[("if-match", "\"0\"")][..], &[("if-none-match", "*")], &[]] {
        for (method, path, expected) in [("PUT", "/none", 404), ("PATCH", "/notes/1", 405)] {
            let reply = send(router, method, path, fields).await;
            assert_eq!(
                reply.status, expected,
                "{place}: {method} {path} {fields:?}"
            );
        }
    }
}

/// The layer is on the methods of one route, and on all routes, with a named service.
#[tokio::test]
async fn inside_of_a_router() {
    let version = || version();
    let named = |version: Version| {
        let whole: Router = routes().with_state(version);
        PreconditionLayer::self_get(SelfGet::of(whole).writers_may_read()).require()
    };
    let state = version();
    let methods = get(read).put(write).delete(write);
    let route: Router = Router::new()
        .route("/notes/{id}", methods.route_layer(named(state.clone())))
        .with_state(state);
    assert_guarded(&route, "MethodRouter::route_layer").await;
    assert_the_router_comes_first(&route, "MethodRouter::route_layer").await;

    let state = version();
    let route: Router = routes().route_layer(named(state.clone())).with_state(state);
    assert_guarded(&route, "Router::route_layer").await;
}

/// R-6585-3-b, R-9110-13.2.1-b: a layer outside refuses first. Its request extensions reach the
/// `GET` that asks for the state.
#[tokio::test]
async fn authentication_comes_first() {
    let state = version();
    let whole: Router = routes().with_state(state.clone());
    let asks = SelfGet::of(whole).writers_may_read().extension::<Caller>();
    let app: Router = routes()
        .route_layer(PreconditionLayer::self_get(asks).require())
        .layer(from_fn(authenticate))
        .with_state(state.clone());
    for (who, condition, expected) in [
        (None, Some("\"0\""), 401),
        (None, None, 401),
        (Some("guest"), Some("\"0\""), 403),
        (Some("guest"), Some("\"7\""), 403),
        (Some("owner"), Some("\"0\""), 412),
        (Some("owner"), None, 428),
        (Some("owner"), Some("\"7\""), 204),
    ] {
        let fields: Vec<_> = who
            .map(|who| ("authorization", who))
            .into_iter()
            .chain(condition.map(|tag| ("if-match", tag)))
            .collect();
        let reply = send(&app, "PUT", "/notes/1", &fields).await;
        assert_eq!(reply.status, expected, "{fields:?}");
    }
    assert_eq!(state.load(Ordering::SeqCst), 8);
}

/// Issue 11, A.2: a refused write is not performed at any place of the layer: on one method, behind
/// a box, around each handler.
#[tokio::test]
async fn a_refused_write_is_not_performed_at_any_place() {
    let state = version();
    let reads: Router = Router::new()
        .route("/notes/{id}", get(read))
        .with_state(state.clone());
    let guard = || PreconditionLayer::self_get(SelfGet::of(reads.clone())).require();
    let boxed = ServiceBuilder::new()
        .layer(guard())
        .layer(layer_fn(|route: Route| BoxCloneSyncService::new(route)));
    let places: [Router<Version>; 3] = [
        Router::new().route("/notes/{id}", delete(write.layer(guard()))),
        Router::new()
            .route("/notes/{id}", delete(write))
            .layer(boxed),
        Router::new().route("/notes/{id}", delete(write).layer(guard())),
    ];
    for place in places {
        let app: Router = place.with_state(state.clone());
        let stale = send(&app, "DELETE", "/notes/1", &[("if-match", "\"6\"")]).await;
        assert_eq!(stale.status, 412);
        assert_eq!(state.load(Ordering::SeqCst), 7);
    }
}

/// Issue 11, A.1: a client that may write and not read gets a 412 without the representation and
/// without its tag.
#[tokio::test]
async fn a_refusal_shows_no_more_than_a_get() {
    async fn authorize(request: Request, next: Next) -> Response {
        let scope = request.headers().get("x-scope");
        let may_read = scope.is_some_and(|scope| scope == "notes:read");
        if request.method() == "GET" && !may_read {
            return StatusCode::FORBIDDEN.into_response();
        }
        next.run(request).await
    }

    let state = version();
    let reads: Router = Router::new()
        .route("/notes/{id}", get(read))
        .with_state(state.clone());
    let authorized = reads.clone().layer(from_fn(authorize));
    let source = source::now(|_| VersionTags::plain().number(7));
    let below = || SelfGet::of(reads.clone());
    let passing = || SelfGet::of(authorized.clone()).writers_may_read();
    let guards = [
        (
            "below",
            412,
            put(write).layer(PreconditionLayer::self_get(below())),
        ),
        (
            "passing",
            403,
            put(write).layer(PreconditionLayer::self_get(passing())),
        ),
        (
            "passing, beside a source",
            412,
            put(write).layer(PreconditionLayer::new(source).with_self_get(passing())),
        ),
    ];
    for (guard, expected, guarded) in guards {
        let writes = Router::new()
            .route("/notes/{id}", guarded)
            .with_state(state.clone());
        let app = reads.clone().merge(writes).layer(from_fn(authorize));
        let stale = [("if-match", "\"6\""), ("x-scope", "notes:write")];
        assert_eq!(send(&app, "GET", "/notes/1", &stale[1..]).await.status, 403);
        let reply = send(&app, "PUT", "/notes/1", &stale).await;
        assert_eq!(reply.status, expected, "{guard}");
        assert_eq!(reply.field("etag"), None, "{guard}");
        let content = String::from_utf8(reply.body).unwrap();
        assert!(
            !content.contains("a note") && !content.contains("\"7"),
            "{guard}: {content}"
        );

        let reader = [("if-match", "\"6\""), ("x-scope", "notes:read")];
        let reply = send(&app, "PUT", "/notes/1", &reader).await;
        let shown = if guard == "below" {
            None
        } else {
            Some("\"7\"")
        };
        assert_eq!((reply.status, reply.field("etag")), (412, shown), "{guard}");
    }
}

/// The order of the stack: a write is checked against the tag that the stack makes of the content.
#[tokio::test]
async fn the_stack_checks_writes_against_its_own_tags() {
    let text = Arc::new(std::sync::Mutex::new("old".to_owned()));
    let (shown, written) = (Arc::clone(&text), text);
    let reads = get(|| async move { shown.lock().unwrap().clone() });
    let router: Router = Router::new().route(
        "/",
        reads.put(|| async move {
            written.lock().unwrap().push_str(", and new");
            StatusCode::NO_CONTENT
        }),
    );
    let guard =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .require();
    let service = ServiceBuilder::new()
        .layer(stack().precondition(guard))
        .service(router);

    let old = send(&service, "GET", "/", &[]).await;
    let bare = send(&service, "PUT", "/", &[]).await;
    assert_eq!(bare.status, 428);
    let expects: Fields<'_> = &[("if-match", old.tag())];
    let first = send(&service, "PUT", "/", expects).await;
    assert_eq!(first.status, 204);
    let stale = send(&service, "PUT", "/", expects).await;
    assert_eq!(stale.status, 412);
    assert_eq!(stale.tag(), send(&service, "GET", "/", &[]).await.tag());
}
