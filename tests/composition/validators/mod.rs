//! The validator cache among other layers. Each order is right, and most of them are fast.

mod neighbors;
mod purged;
mod ranges;
mod versions;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, routing::get};
use http::{HeaderValue, Method, Response, StatusCode, header};
use tower::{BoxError, Layer, Service};
use tower_conditional::{
    CachePolicyLayer, ConditionalLayer, EtagLayer, IdempotencyLayer, PreconditionLayer,
    ValidatorCacheLayer, VersionTags,
    cache_policy::CachePolicy,
    cache_tags::CacheTags,
    source::{self, SelfGet},
    stack,
    store::{MemoryIdempotencyStore, MemoryValidatorStore},
    validator_cache::ValidatorCache,
};
use tower_http::{cors::CorsLayer, timeout::TimeoutLayer};

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
