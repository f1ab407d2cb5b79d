//! Bodies that are ready for ever. Each layer lets other tasks run in between.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{Router, body::Body, response::Response, routing::any};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request};
use http_body::{Frame, SizeHint};
use tower::ServiceExt;
use tower_conditional::{
    EtagLayer, PreconditionLayer, ValidatorCacheLayer, VersionTags,
    lock::KeyedLock,
    source::{self, SelfGet},
    stack,
    store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use super::keys;

/// The frames that a layer may take before it lets other tasks run.
const MANY: usize = 10_000;

/// A body of frames without content. It ends after a million, so that a test that fails ends.
#[derive(Clone, Default)]
struct Greedy {
    taken: Arc<AtomicUsize>,
    length: Option<u64>,
}

impl http_body::Body for Greedy {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let taken = self.taken.fetch_add(1, Ordering::SeqCst);
        Poll::Ready((taken < 1_000_000).then(|| Ok(Frame::data(Bytes::new()))))
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Polls a request once, and returns the number of frames that were taken.
async fn frames_of_one_poll(app: Router, request: Request<Body>, body: &Greedy) -> usize {
    let mut answer = Box::pin(app.oneshot(request));
    let mut most = 0;
    for _ in 0..20 {
        let before = body.taken.load(Ordering::SeqCst);
        let is_over = answer.as_mut().now_or_never().is_some();
        most = most.max(body.taken.load(Ordering::SeqCst) - before);
        if is_over {
            break;
        }
        tokio::task::yield_now().await;
    }
    most
}

fn request(method: Method, body: &Greedy, fields: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Body::new(body.clone())).unwrap()
}

const KEY: (&str, &str) = ("idempotency-key", "\"a\"");

/// P-TR-tower: content of a request that is read, or read and thrown away.
#[tokio::test]
async fn an_endless_upload_lets_others_run() {
    let router = || Router::new().route("/", any(async |body: Bytes| body));
    let version = || source::now(|_| VersionTags::plain().number(1));
    let guard = || PreconditionLayer::new(version());
    let locked = || {
        guard().lock(KeyedLock::new(), |request| {
            Some(request.uri.path().to_owned())
        })
    };
    for (case, app, method, fields) in [
        ("key", router().layer(keys()), Method::POST, &[KEY][..]),
        (
            "refused key",
            router().layer(keys()),
            Method::POST,
            &[("idempotency-key", "bare")],
        ),
        (
            "missing key",
            router().layer(keys().require_key()),
            Method::POST,
            &[],
        ),
        (
            "refused write",
            router().layer(guard()),
            Method::PUT,
            &[("if-match", "\"0\"")],
        ),
        (
            "missing condition",
            router().layer(guard().require()),
            Method::PUT,
            &[],
        ),
        (
            "lock",
            router().layer(locked()),
            Method::PUT,
            &[("if-match", "\"1\"")],
        ),
        (
            "refused below a lock",
            router().layer(locked()),
            Method::PUT,
            &[("if-match", "\"0\"")],
        ),
        (
            "refused below a key",
            router().layer(stack().idempotency(keys()).precondition(guard())),
            Method::PUT,
            &[KEY, ("if-match", "\"0\"")],
        ),
    ] {
        let body = Greedy::default();
        let most = frames_of_one_poll(app, request(method, &body, fields), &body).await;
        assert!(most <= MANY, "{case} takes {most} frames at once");
    }
}

/// P-TR-tower: content of a response that is read for a hash, for a record or for its tag.
#[tokio::test]
async fn endless_content_lets_others_run() {
    let cache = || ValidatorCacheLayer::new(ValidatorCache::new(MemoryValidatorStore::new()));
    type Around = Box<dyn Fn(Router) -> Router>;
    type Case = (
        &'static str,
        Method,
        &'static [(&'static str, &'static str)],
        Around,
    );
    let cases: Vec<Case> = vec![
        (
            "hash",
            Method::GET,
            &[],
            Box::new(|router| router.layer(EtagLayer::new())),
        ),
        (
            "stack",
            Method::GET,
            &[("if-none-match", "\"x\"")],
            Box::new(|router| router.layer(stack())),
        ),
        (
            "remembered",
            Method::GET,
            &[],
            Box::new(move |router| router.layer(stack().validators(cache()))),
        ),
        (
            "record",
            Method::POST,
            &[KEY],
            Box::new(|router| router.layer(keys())),
        ),
        (
            "record and hash",
            Method::GET,
            &[KEY],
            Box::new(|router| router.layer(stack().idempotency(keys()))),
        ),
        (
            "own read",
            Method::PUT,
            &[("if-match", "\"x\"")],
            Box::new(|router| {
                let read = SelfGet::inner_tells_methods_apart().writers_may_read();
                let around = tower::Layer::layer(
                    &stack().precondition(PreconditionLayer::self_get(read)),
                    router,
                );
                Router::new().fallback_service(around)
            }),
        ),
    ];
    for (case, method, fields, around) in cases {
        for length in [Some(10), None] {
            let body = Greedy {
                length,
                ..Greedy::default()
            };
            let sent = body.clone();
            let handler = move || std::future::ready(Response::new(Body::new(sent.clone())));
            let app = around(Router::new().route("/", any(handler)));
            let none = Greedy {
                length: Some(0),
                taken: Arc::new(AtomicUsize::new(1_000_000)),
            };
            let most = frames_of_one_poll(app, request(method.clone(), &none, fields), &body).await;
            assert!(
                most <= MANY,
                "{case} {length:?} takes {most} frames at once"
            );
        }
    }
}
