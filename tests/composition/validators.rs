//! The validator cache among other layers. Each order is right, and most of them are fast.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, routing::get};
use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use tower::{BoxError, Layer, Service};
use tower_conditional::{
    CachePolicyLayer, CodingTagLayer, ConditionalLayer, EtagLayer, IdempotencyLayer,
    PreconditionLayer, ValidatorCacheLayer, VersionTags,
    cache_policy::CachePolicy,
    cache_tags::CacheTags,
    source::{self, SelfGet},
    stack,
    store::{MemoryIdempotencyStore, MemoryValidatorStore},
    validator_cache::ValidatorCache,
};
use tower_http::{compression::CompressionLayer, cors::CorsLayer, timeout::TimeoutLayer};

use crate::support::{CONTENT, Fields, Reply, send};

/// A page whose content has its version, and the number of reads that the handler has answered.
#[derive(Clone, Default)]
struct Page(Arc<[AtomicUsize; 2]>);

type CacheLayer = ValidatorCacheLayer<MemoryValidatorStore>;

impl Page {
    fn version(&self) -> usize {
        self.0[0].load(Ordering::SeqCst)
    }

    fn runs(&self) -> usize {
        self.0[1].swap(0, Ordering::SeqCst)
    }

    fn router(&self) -> Router {
        let (read, write) = (self.clone(), self.clone());
        let page = get(move || async move {
            read.0[1].fetch_add(1, Ordering::SeqCst);
            format!("version {} of {CONTENT}", read.version())
        });
        let write = move || async move {
            write.0[0].fetch_add(1, Ordering::SeqCst);
            StatusCode::NO_CONTENT
        };
        Router::new().route("/page", page.put(write.clone()).post(write))
    }

    /// Reads the page, and returns the 200. Panics if it is not current.
    async fn full(&self, app: &Router, fields: Fields<'_>) -> Reply {
        let full = send(app, "GET", "/page", fields).await;
        assert_eq!(full.status, 200);
        full
    }

    /// Checks reads and writes. `put` are the headers of a write.
    async fn check(
        &self,
        case: &str,
        app: &Router,
        put: impl Fn(&Reply) -> Vec<(&'static str, String)>,
    ) {
        for _ in 0..3 {
            let full = self.full(app, &[]).await;
            assert!(
                String::from_utf8_lossy(&full.body)
                    .starts_with(&format!("version {} ", self.version()))
            );
            let known = [("if-none-match", full.tag())];
            send(app, "GET", "/page", &known)
                .await
                .assert_not_modified(&full);
            self.runs();
            send(app, "GET", "/page", &known)
                .await
                .assert_not_modified(&full);
            assert_eq!(self.runs(), 0, "{case}");
            let before = self.version();
            let fields = put(&full);
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            let written = send(app, "PUT", "/page", &fields).await;
            assert_eq!(
                (written.status, self.version()),
                (204, before + 1),
                "{case}"
            );
            let next = send(app, "GET", "/page", &known).await;
            assert_eq!(next.status, 200, "{case}");
            assert_ne!(next.tag(), full.tag(), "{case}");
        }
    }
}

fn cache() -> ValidatorCache<MemoryValidatorStore> {
    ValidatorCache::new(MemoryValidatorStore::new())
}

fn remembers() -> CacheLayer {
    ValidatorCacheLayer::new(cache()).tags(CacheTags::of(["page"]).unwrap())
}

fn unconditional(_: &Reply) -> Vec<(&'static str, String)> {
    Vec::new()
}

fn if_match(full: &Reply) -> Vec<(&'static str, String)> {
    vec![("if-match", full.tag().to_owned())]
}

fn self_get() -> SelfGet {
    SelfGet::inner_tells_methods_apart().writers_may_read()
}

fn keys() -> IdempotencyLayer<MemoryIdempotencyStore> {
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new());
    keys.methods([Method::POST, Method::PUT])
}

/// R-9111-4.4-a, R-9111-4.4-d: every stack with the layer answers without the handler, and sees
/// each write.
#[tokio::test]
async fn each_stack_remembers() {
    let page = Page::default();
    let policy = || CachePolicyLayer::new(CachePolicy::no_cache());
    let base = || stack().validators(remembers());
    let own_get = || PreconditionLayer::self_get(self_get()).require();
    let router = || page.router();
    for (case, app) in [
        ("alone", router().layer(base())),
        ("policy", router().layer(base().cache_policy(policy()))),
        (
            "head",
            router().layer(base().conditional(ConditionalLayer::new().head_as_get())),
        ),
        ("keys", router().layer(base().idempotency(keys()))),
        ("weak", router().layer(base().etag(EtagLayer::new().weak()))),
        ("method router", router().route_layer(base())),
        (
            "outside",
            router().layer(EtagLayer::new()).layer(remembers()),
        ),
        (
            "limit",
            router()
                .layer(tower::limit::ConcurrencyLimitLayer::new(1))
                .layer(base()),
        ),
        ("timeout", router().layer(base()).layer(timeout())),
        ("timeout inside", router().layer(timeout()).layer(base())),
        ("cors", router().layer(base()).layer(cors())),
        (
            "collapse",
            router().layer(stack().validators(remembers().collapse(Duration::from_secs(5)))),
        ),
        ("two caches", router().layer(base()).layer(remembers())),
        ("one cache twice", {
            let layer = remembers().collapse(Duration::from_secs(5));
            router()
                .layer(stack().validators(layer.clone()))
                .layer(layer)
        }),
        ("merged", Router::new().merge(router().layer(base()))),
    ] {
        page.check(case, &app, unconditional).await;
    }
    // Around the router, since a service of one method has no `GET`.
    let around = base().precondition(own_get()).layer(router());
    page.check("precondition", &whole(around), if_match).await;
    let all = base()
        .precondition(own_get())
        .idempotency(keys())
        .cache_policy(policy());
    page.check("all", &whole(all.layer(router())), if_match)
        .await;
}

/// Returns a router whose only service is this one.
fn whole<S, B>(service: S) -> Router
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
{
    Router::new().fallback_service(service)
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(60))
}

fn cors() -> CorsLayer {
    let origin = HeaderValue::from_static("https://example.com");
    CorsLayer::new()
        .allow_origin(origin)
        .expose_headers([header::ETAG])
}

/// R-9111-4.3.2-a: a refused write forgets nothing, and the state that its condition is compared
/// with is the handler's.
#[tokio::test]
async fn a_refused_write_forgets_nothing() {
    let page = Page::default();
    let guard = PreconditionLayer::self_get(self_get()).require();
    let guarded = stack().validators(remembers()).precondition(guard);
    let app = whole(guarded.layer(page.router()));
    let full = page.full(&app, &[]).await;
    page.runs();
    for (fields, status) in [(&[][..], 428), (&[("if-match", "\"x\"")], 412)] {
        assert_eq!(send(&app, "PUT", "/page", fields).await.status, status);
        page.runs();
        let known = [("if-none-match", full.tag())];
        send(&app, "GET", "/page", &known)
            .await
            .assert_not_modified(&full);
        assert_eq!(page.runs(), 0);
    }
    // A writer that the layer does not see: the check still finds the current state.
    page.0[0].fetch_add(1, Ordering::SeqCst);
    let stale = send(&app, "PUT", "/page", &[("if-match", full.tag())]).await;
    assert_eq!(stale.status, 412);
    assert_ne!(stale.tag(), full.tag());
}

/// A source outside answers by itself. The cache inside keeps the handler's tag, and neither is
/// taken for the other.
#[tokio::test]
async fn a_source_outside_is_right() {
    let page = Page::default();
    let state = page.clone();
    let versions = source::now(move |_| VersionTags::plain().number(state.version() as i64));
    for validators in [remembers(), remembers().collapse(Duration::from_secs(5))] {
        let reads = ConditionalLayer::new().source(versions.clone());
        let app = page
            .router()
            .layer(stack().conditional(reads).validators(validators));
        for _ in 0..3 {
            let full = page.full(&app, &[]).await;
            let known = [("if-none-match", full.tag())];
            page.runs();
            send(&app, "GET", "/page", &known)
                .await
                .assert_not_modified(&full);
            assert_eq!(page.runs(), 0);
            // Seen by the source alone, and then by both.
            page.0[0].fetch_add(1, Ordering::SeqCst);
            let next = send(&app, "GET", "/page", &known).await;
            assert_eq!((next.status, next.tag() == full.tag()), (200, false));
            send(&app, "PUT", "/page", &[]).await;
            let known = [("if-none-match", next.tag())];
            assert_eq!(send(&app, "GET", "/page", &known).await.status, 200);
        }
    }
}

/// R-9110-15.4.5-c: a browser can read a 304 from the cache.
#[tokio::test]
async fn a_hit_is_readable_across_origins() {
    let page = Page::default();
    let origin = ("origin", "https://example.com");
    let app = page
        .router()
        .layer(stack().validators(remembers()))
        .layer(cors());
    let full = page.full(&app, &[origin]).await;
    let hit = send(
        &app,
        "GET",
        "/page",
        &[origin, ("if-none-match", full.tag())],
    )
    .await;
    hit.assert_not_modified(&full);
    for name in [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "vary",
    ] {
        assert_eq!(hit.field(name), full.field(name), "{name}");
    }
    // Inside, the layer adds headers to `Vary` that are not declared. So nothing is remembered.
    let varied = cors().allow_origin(tower_http::cors::AllowOrigin::mirror_request());
    let app = page
        .router()
        .layer(varied)
        .layer(stack().validators(remembers()));
    let full = page.full(&app, &[origin]).await;
    page.runs();
    for _ in 0..2 {
        let known = [origin, ("if-none-match", full.tag())];
        send(&app, "GET", "/page", &known)
            .await
            .assert_not_modified(&full);
    }
    assert_eq!(page.runs(), 2);
}

/// R-9110-8.8.3-c, R-9111-4.1-b: codings never mix. Outside, each has a tag of its own; inside,
/// each has an entry of its own.
#[tokio::test]
async fn codings_never_mix() {
    let gzip = ("accept-encoding", "gzip");
    let page = Page::default();
    let varied = remembers().vary([header::ACCEPT_ENCODING]);
    let outside = page.router().layer(stack().validators(remembers()));
    let coded = page
        .router()
        .layer(EtagLayer::new())
        .layer(CompressionLayer::new());
    let inside = coded.layer(CodingTagLayer::new());
    for (case, app, runs) in [
        (
            "outside",
            outside
                .layer(CompressionLayer::new())
                .layer(CodingTagLayer::new()),
            0,
        ),
        (
            "inside",
            inside
                .clone()
                .layer(stack().validators(varied).without_etag()),
            0,
        ),
        (
            "inside, undeclared",
            inside.layer(stack().validators(remembers()).without_etag()),
            4,
        ),
    ] {
        let mut tags = Vec::new();
        for accept in [&[][..], &[gzip]] {
            let full = page.full(&app, accept).await;
            assert_eq!(
                full.field("content-encoding"),
                (!accept.is_empty()).then_some("gzip")
            );
            tags.push(full.tag().to_owned());
            let known = [accept, &[("if-none-match", full.tag())]].concat();
            send(&app, "GET", "/page", &known).await;
            page.runs();
            for _ in 0..2 {
                send(&app, "GET", "/page", &known)
                    .await
                    .assert_not_modified(&full);
            }
            assert_eq!(page.runs() * 2, runs, "{case}");
        }
        assert_ne!(tags[0], tags[1], "{case}");
        for (accept, other) in [(&[][..], &tags[1]), (&[gzip], &tags[0])] {
            let known = [accept, &[("if-none-match", other)]].concat();
            let reply = send(&app, "GET", "/page", &known).await;
            // A 304 may name another representation that the client has, and never this one.
            assert!(reply.status == 200 || reply.tag() == other, "{case}");
        }
    }
}

/// Idempotency keys outside: a replay writes nothing, so it forgets nothing.
#[tokio::test]
async fn a_replay_forgets_nothing() {
    let page = Page::default();
    let app = page
        .router()
        .layer(stack().validators(remembers()).idempotency(keys()));
    let key = [("idempotency-key", "\"a\"")];
    assert_eq!(send(&app, "POST", "/page", &key).await.status, 204);
    let full = page.full(&app, &[]).await;
    page.runs();
    let replay = send(&app, "POST", "/page", &key).await;
    assert_eq!((replay.status, page.version()), (204, 1));
    let known = [("if-none-match", full.tag())];
    send(&app, "GET", "/page", &known)
        .await
        .assert_not_modified(&full);
    assert_eq!(page.runs(), 0);
}

/// R-9111-4.4-b: the client of a write has run out of time. The write goes on, and no reader gets
/// the state before it, also in between.
#[tokio::test(start_paused = true)]
async fn a_write_that_times_out_is_a_write() {
    let page = Page::default();
    let state = page.clone();
    let slow = axum::routing::put(move || async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        state.0[0].fetch_add(1, Ordering::SeqCst);
    });
    let layer = stack().validators(remembers());
    let limit = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(1));
    let app = page.router().route("/slow", slow).layer(layer).layer(limit);
    let full = page.full(&app, &[]).await;
    assert_eq!(send(&app, "PUT", "/slow", &[]).await.status, 504);
    let known = [("if-none-match", full.tag())];
    for _ in 0..17 {
        let reply = send(&app, "GET", "/page", &known).await;
        assert_eq!(reply.status == 200, page.version() == 1);
        assert!(page.runs() > 0);
        tokio::time::sleep(Duration::from_millis(499)).await;
    }
    assert_eq!(page.version(), 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        (
            page.version(),
            send(&app, "GET", "/page", &known).await.status
        ),
        (1, 200)
    );
}

/// R-9111-3.5-b: authentication is outside, and its principal is in the key.
#[tokio::test]
async fn a_request_without_permission_gets_no_304() {
    use axum::{
        middleware::{Next, from_fn},
        response::IntoResponse,
    };
    async fn allow(request: Request, next: Next) -> axum::response::Response {
        match request.headers().contains_key("authorization") {
            true => next.run(request).await,
            false => StatusCode::UNAUTHORIZED.into_response(),
        }
    }
    fn user(request: &Parts) -> Option<String> {
        let user = request.headers.get("authorization")?;
        user.to_str().ok().map(str::to_owned)
    }
    let page = Page::default();
    let layer = stack().validators(remembers().principal(user));
    let app = page.router().layer(layer).layer(from_fn(allow));
    let alice = ("authorization", "Basic YTpi");
    let full = page.full(&app, &[alice]).await;
    let known = ("if-none-match", full.tag());
    page.runs();
    send(&app, "GET", "/page", &[alice, known])
        .await
        .assert_not_modified(&full);
    assert_eq!(page.runs(), 0);
    assert_eq!(send(&app, "GET", "/page", &[known]).await.status, 401);
    send(
        &app,
        "GET",
        "/page",
        &[("authorization", "Basic Yjpj"), known],
    )
    .await;
    assert_eq!(page.runs(), 1);
}
