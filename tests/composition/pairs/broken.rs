//! Content of requests and responses with a key that breaks at each byte.

use axum::{Router, body::Body, response::Response, routing::any};
use bytes::Bytes;
use http::{Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tower::ServiceExt;
use tower_conditional::{
    PreconditionLayer, ValidatorCacheLayer, VersionTags, lock::KeyedLock, source, stack,
    store::MemoryValidatorStore, validator_cache::ValidatorCache,
};
use tower_http::compression::CompressionLayer;

use super::{Count, REPLAYED, keyed, keys, problem};

const TEXT: &str = "0123456789";

/// Returns content that breaks after a number of bytes, in frames of one byte.
fn breaking(after: usize) -> Body {
    let frames = TEXT.as_bytes()[..after]
        .iter()
        .map(|byte| Ok(Frame::data(Bytes::copy_from_slice(&[*byte]))));
    let frames: Vec<_> = frames
        .chain([Err(std::io::Error::other("broken"))])
        .collect();
    Body::new(StreamBody::new(tokio_stream::iter(frames)))
}

/// The same, with an announced length.
struct Announced(Body, u64);

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = std::pin::Pin::new(&mut self.0).poll_frame(cx);
        if let std::task::Poll::Ready(Some(Ok(frame))) = &polled {
            self.1 = self
                .1
                .saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        polled
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.1)
    }
}

fn stacks(router: &Router) -> Vec<(&'static str, Router)> {
    let guard = PreconditionLayer::new(source::now(|_| VersionTags::plain().number(1)));
    let lock = guard.clone().lock(KeyedLock::new(), |request| {
        Some(request.uri.path().to_owned())
    });
    let cache = || ValidatorCacheLayer::new(ValidatorCache::new(MemoryValidatorStore::new()));
    let router = || router.clone();
    vec![
        ("keys", router().layer(keys())),
        ("stack", router().layer(stack().idempotency(keys()))),
        (
            "guard",
            router().layer(stack().idempotency(keys()).precondition(guard.clone())),
        ),
        (
            "lock",
            router().layer(stack().idempotency(keys()).precondition(lock)),
        ),
        (
            "cache",
            router().layer(stack().idempotency(keys()).validators(cache())),
        ),
        (
            "all",
            router()
                .layer(
                    stack()
                        .idempotency(keys())
                        .precondition(guard)
                        .validators(cache()),
                )
                .layer(CompressionLayer::new()),
        ),
    ]
}

/// P-ID-record-policy: content that breaks off at any byte runs nothing. Its key is free.
#[tokio::test]
async fn an_upload_that_breaks_at_any_byte_runs_nothing() {
    let count = Count::default();
    let handler = count.create();
    let router = Router::new().route("/", any(move |_: Bytes| handler()));
    for (case, app) in stacks(&router) {
        for after in 0..=TEXT.len() {
            let (key, before) = (format!("\"{after}\""), count.get());
            for announced in [false, true] {
                let body = match announced {
                    true => Body::new(Announced(breaking(after), TEXT.len() as u64)),
                    false => breaking(after),
                };
                let request = Request::put("/")
                    .header("idempotency-key", &key)
                    .header("if-match", "\"1\"");
                let response = app
                    .clone()
                    .oneshot(request.body(body).unwrap())
                    .await
                    .unwrap();
                assert_eq!(response.status(), 400, "{case} {after}");
                assert_eq!(count.get(), before, "{case} {after}");
            }
            let request = Request::put("/")
                .header("idempotency-key", &key)
                .header("if-match", "\"1\"");
            let whole = app
                .clone()
                .oneshot(request.body(Body::from(TEXT)).unwrap())
                .await
                .unwrap();
            assert_eq!(
                (whole.status().as_u16(), count.get()),
                (201, before + 1),
                "{case} {after}"
            );
        }
    }
}

/// P-ID-oversize: content of a response that breaks at any byte reaches the first client up to that
/// byte. No retry runs the handler, and none gets a part for the whole.
#[tokio::test]
async fn an_answer_that_breaks_at_any_byte_is_no_answer() {
    for length in [None, Some(10_u64), Some(11)] {
        for after in 0..=TEXT.len() {
            let count = Count::default();
            let runs = count.clone();
            let handler = move || {
                runs.add();
                let body = match length {
                    Some(length) => Body::new(Announced(breaking(after), length)),
                    None => breaking(after),
                };
                std::future::ready(Response::new(body))
            };
            for (case, app) in stacks(&Router::new().route("/", any(handler))) {
                let before = count.get();
                for method in [Method::PUT, Method::GET] {
                    let key = format!("\"{method}\"");
                    let request = Request::builder()
                        .method(method.clone())
                        .uri("/")
                        .header("idempotency-key", key);
                    let first = app
                        .clone()
                        .oneshot(request.body(Body::empty()).unwrap())
                        .await
                        .unwrap();
                    assert_eq!(first.status(), 200);
                    let mut body = first.into_body();
                    let mut bytes = Vec::new();
                    let broke = loop {
                        match body.frame().await {
                            Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap()),
                            Some(Err(_)) => break true,
                            None => break false,
                        }
                    };
                    assert!(broke, "{case} {after} {length:?}");
                    assert_eq!(bytes, TEXT.as_bytes()[..after], "{case}");
                    let retry = keyed(&app, method.as_str(), "/", method.as_str(), &[]).await;
                    assert_eq!(
                        (retry.status, retry.field(REPLAYED)),
                        (409, None),
                        "{case} {after} {length:?}"
                    );
                    assert_ne!(problem(&retry), "in-flight", "{case} {after} {length:?}");
                }
                assert_eq!(count.get(), before + 2, "{case}");
            }
        }
    }
}
