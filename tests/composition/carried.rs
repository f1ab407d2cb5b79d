//! A handler that calls its own service, as a batch does. The extensions of the outer request are
//! carried to the inner one, since they hold the user. They say nothing about another resource.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use tower::ServiceExt;
use tower_conditional::{
    ConditionalLayer, EntityTag, EtagLayer, PreconditionLayer, ValidatorCacheLayer,
    cache_tags::CacheTags, handler::Expected, lock::KeyedLock, source, stack,
    store::MemoryValidatorStore, validator_cache::ValidatorCache,
};

use crate::support::send;

/// The whole service, which its handlers call.
#[derive(Clone, Default)]
struct Site(Arc<OnceLock<Router>>, Arc<AtomicUsize>);

impl Site {
    fn version(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }

    /// Returns a service of three routes. `/page` is a page, and the others call it.
    fn app(&self, around: impl FnOnce(Router) -> Router) -> Router {
        let read = async |State(site): State<Self>| format!("version {}", site.version());
        let write = async |State(site): State<Self>| {
            site.1.fetch_add(1, Ordering::SeqCst);
            StatusCode::NO_CONTENT
        };
        let router = Router::new()
            .route("/page", get(read).put(write))
            .route("/batch", post(call_put).put(call_put))
            .route("/alias", get(call_get))
            .with_state(self.clone());
        let app = around(router);
        self.0.set(app.clone()).expect("one service");
        app
    }

    async fn call(&self, method: &str, outer: Request) -> Response {
        let (outer, _) = outer.into_parts();
        let mut inner = Request::builder()
            .method(method)
            .uri("/page")
            .body(Body::empty())
            .unwrap();
        *inner.extensions_mut() = outer.extensions;
        for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
            if let Some(value) = outer.headers.get(format!("x-{name}")) {
                inner.headers_mut().insert(name, value.clone());
            }
        }
        self.0
            .get()
            .expect("the service")
            .clone()
            .oneshot(inner)
            .await
            .unwrap()
    }
}

async fn call_put(State(site): State<Site>, outer: Request) -> Response {
    site.call("PUT", outer).await
}

async fn call_get(State(site): State<Site>, outer: Request) -> Response {
    site.call("GET", outer).await
}

fn cache() -> ValidatorCache<MemoryValidatorStore> {
    ValidatorCache::new(MemoryValidatorStore::new())
}

/// R-9111-4.4-a: a write inside of a write forgets what it names, and no 304 is stale.
#[tokio::test(start_paused = true)]
async fn a_write_inside_of_a_write_is_announced() {
    let tags = |request: &http::request::Parts| {
        CacheTags::of([request.uri.path().trim_start_matches('/')]).unwrap()
    };
    for collapse in [false, true] {
        let site = Site::default();
        let layer = ValidatorCacheLayer::new(cache()).tags(tags);
        let layer = if collapse {
            layer.collapse(Duration::from_secs(1))
        } else {
            layer
        };
        let app = site.app(|router| router.layer(stack().validators(layer)));
        for method in ["POST", "PUT"] {
            let full = send(&app, "GET", "/page", &[]).await;
            let known = [("if-none-match", full.tag())];
            send(&app, "GET", "/page", &known)
                .await
                .assert_not_modified(&full);
            assert_eq!(send(&app, method, "/batch", &[]).await.status, 204);
            let next = send(&app, "GET", "/page", &known).await;
            assert_eq!(
                next.status, 200,
                "{method} {collapse}: the write of /page was not announced"
            );
        }
    }
}

/// RFC 9111, section 4.1: a read inside of a read has an entry of its own, and neither waits for the other.
#[tokio::test(start_paused = true)]
async fn a_read_inside_of_a_read_is_looked_up() {
    for collapse in [false, true] {
        let site = Site::default();
        let layer = ValidatorCacheLayer::new(cache());
        let layer = if collapse {
            layer.collapse(Duration::from_secs(1))
        } else {
            layer
        };
        let app = site.app(|router| router.layer(stack().validators(layer)));
        for number in 0..2 {
            let alias = send(&app, "GET", "/alias", &[]).await;
            assert_eq!(alias.body, format!("version {number}").as_bytes());
            let page = send(&app, "GET", "/page", &[]).await;
            assert_eq!((page.tag(), &page.body), (alias.tag(), &alias.body));
            for path in ["/alias", "/page"] {
                let known = [("if-none-match", alias.tag())];
                send(&app, "GET", path, &known)
                    .await
                    .assert_not_modified(&alias);
            }
            assert_eq!(send(&app, "PUT", "/page", &[]).await.status, 204);
            for path in ["/alias", "/page"] {
                let known = [("if-none-match", alias.tag())];
                assert_eq!(send(&app, "GET", path, &known).await.status, 200, "{path}");
            }
        }
    }
}

fn by_path() -> impl tower_conditional::ValidatorSource + Clone {
    source::now(|request| EntityTag::strong(request.uri.path().trim_start_matches('/')))
}

/// R-9110-8.8.1-a: the state of one resource is not that of another one.
#[tokio::test]
async fn the_state_of_a_read_is_its_own() {
    for twice in [false, true] {
        let site = Site::default();
        let reads = || ConditionalLayer::new().source(by_path());
        let app = site.app(|router| {
            let one = router.layer(EtagLayer::new()).layer(reads());
            if twice { one.layer(reads()) } else { one }
        });
        assert_eq!(send(&app, "GET", "/page", &[]).await.tag(), "\"page\"");
        // The inner response has the tag of its own resource, which wins.
        assert_eq!(send(&app, "GET", "/alias", &[]).await.tag(), "\"page\"");
        let inner = [("x-if-none-match", "\"page\"")];
        assert_eq!(send(&app, "GET", "/alias", &inner).await.status, 304);
        let inner = [("x-if-none-match", "\"alias\"")];
        assert_eq!(send(&app, "GET", "/alias", &inner).await.status, 200);
    }
}

/// R-9110-13.1.1-a: a write inside of a write is checked by its own condition and state.
#[tokio::test]
async fn the_condition_of_a_write_is_its_own() {
    for locked in [false, true] {
        let site = Site::default();
        let guard = PreconditionLayer::new(by_path()).check_only().require();
        let app = site.app(|router| match locked {
            false => router.layer(guard),
            true => {
                let lock = guard.lock(KeyedLock::new(), |request| {
                    Some(request.uri.path().to_owned())
                });
                router.layer(lock)
            }
        });
        for (outer, inner, status) in [
            ("\"batch\"", Some("\"page\""), 204),
            ("\"batch\"", Some("\"batch\""), 412),
            ("\"batch\"", Some("\"old\""), 412),
            ("\"batch\"", None, 428),
            ("\"page\"", Some("\"page\""), 412),
        ] {
            let before = site.version();
            let inner = inner.map(|tag| ("x-if-match", tag));
            let fields = [&[("if-match", outer)], inner.as_slice()].concat();
            let reply = send(&app, "PUT", "/batch", &fields).await;
            assert_eq!(reply.status, status, "{outer} {inner:?} {locked}");
            assert_eq!(site.version() - before, usize::from(status == 204));
        }
    }
}

/// A handler's expectation is that of its own request.
#[tokio::test]
async fn the_expectation_of_a_handler_is_its_own() {
    async fn tell(expected: Expected, headers: HeaderMap) -> String {
        let tag = headers
            .get("if-match")
            .map(|tag| tag.to_str().unwrap().to_owned());
        format!(
            "{} {tag:?}",
            expected.check(EntityTag::strong("b").unwrap()).is_ok()
        )
    }
    let inner = Router::new()
        .route("/b", post(tell))
        .layer(PreconditionLayer::handler_checks());
    let target = inner.clone();
    let outer = move |request: Request| {
        let target = target.clone();
        async move {
            let mut part = Request::post("/b")
                .header("if-match", "\"b\"")
                .body(Body::empty())
                .unwrap();
            *part.extensions_mut() = request.extensions().clone();
            target.oneshot(part).await.unwrap()
        }
    };
    let app = Router::new()
        .route("/a", post(outer))
        .layer(PreconditionLayer::handler_checks());
    let reply = send(&app, "POST", "/a", &[("if-match", "\"a\"")]).await;
    assert_eq!(
        String::from_utf8_lossy(&reply.body),
        "true Some(\"\\\"b\\\"\")"
    );
}

/// A write inside of a write takes the lock of its own resource.
#[tokio::test(start_paused = true)]
async fn the_lock_of_a_write_is_its_own() {
    let lock = KeyedLock::new();
    let site = Site::default();
    let guard = PreconditionLayer::handler_checks()
        .lock(lock.clone(), |request| Some(request.uri.path().to_owned()));
    let app = site.app(|router| router.layer(guard));
    let held = lock.acquire("/page").await.unwrap();
    let write = send(&app, "PUT", "/batch", &[]);
    let early = tokio::time::timeout(Duration::from_secs(1), write).await;
    assert!(
        early.is_err() && site.version() == 0,
        "the write of /page did not wait for its lock"
    );
    drop(held);
    assert_eq!(send(&app, "PUT", "/batch", &[]).await.status, 204);
}
