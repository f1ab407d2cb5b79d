//! A panic in each part that an application gives to the layer, or puts beside it.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    routing::any,
};
use futures_util::FutureExt;
use http::{HeaderValue, StatusCode, request::Parts};
use tower_conditional::{
    EntityTag, PreconditionLayer,
    detached::Detached,
    idempotency::{Commit, Fingerprint},
    lock::KeyedLock,
    refusal::Refusal,
    source, stack,
};

use super::{Count, Keys, REPLAYED, keyed, keys, problem};

/// Sends a request, and returns its status, or `None` for a panic.
async fn attempt(app: &Router, fields: &[(&str, &str)]) -> Option<(u16, String, bool)> {
    let reply = AssertUnwindSafe(keyed(app, "POST", "/", "a", fields))
        .catch_unwind()
        .await
        .ok()?;
    let is_replay = reply.field(REPLAYED).is_some();
    Some((reply.status, problem(&reply), is_replay))
}

fn orders(count: &Count) -> Router {
    Router::new().route("/", any(count.create()))
}

const BAD: (&str, &str) = ("x-bad", "1");

fn panic_if(request: &Parts) {
    assert!(!request.headers.contains_key("x-bad"), "a closure");
}

/// P-ID-panic: before the handler, a panic holds no key. The next request runs at once.
#[tokio::test(start_paused = true)]
async fn a_panic_before_the_handler_holds_no_key() {
    type Add = fn(Keys) -> Keys;
    let closures: [(&str, Add); 2] = [
        ("fingerprint", |keys| {
            keys.fingerprint(|request, content| {
                panic_if(request);
                Fingerprint::custom([request.uri.path().as_bytes(), content].concat())
            })
        }),
        ("require", |keys| {
            keys.require_key_if(|request| {
                panic_if(request);
                true
            })
        }),
    ];
    for (case, set) in closures {
        let (count, unfinished) = (Count::default(), Detached::new());
        let app =
            orders(&count).layer(stack().idempotency(set(keys()).detached(unfinished.clone())));
        let bad = attempt(&app, &[BAD]).await;
        assert!(bad.is_none() || case == "require", "{case}");
        let before = count.get();
        let good = attempt(&app, &[]).await.expect(case);
        assert_eq!(
            (good.0, before + usize::from(!good.2), unfinished.len()),
            (201, 1, 0),
            "{case}"
        );
    }
}

/// P-ID-panic: a middleware inside that panics before or after the handler.
#[tokio::test(start_paused = true)]
async fn a_layer_inside_that_panics_is_unknown() {
    for after in [false, true] {
        let (count, unfinished) = (Count::default(), Detached::new());
        let layer = from_fn(move |request: Request, next: Next| async move {
            let is_bad = request.headers().contains_key("x-bad");
            assert!(after || !is_bad, "before");
            let response = next.run(request).await;
            assert!(!is_bad, "after");
            response
        });
        let keys = keys().detached(unfinished.clone());
        let app = orders(&count).layer(layer).layer(stack().idempotency(keys));
        assert_eq!(attempt(&app, &[BAD]).await, None);
        let retry = attempt(&app, &[]).await.unwrap();
        assert_eq!((retry.0, &*retry.1), (409, "outcome-unknown"), "{after}");
        assert_eq!((count.get(), unfinished.len()), (usize::from(after), 0));
    }
}

/// A middleware outside that panics after the answer takes nothing from the retry.
#[tokio::test(start_paused = true)]
async fn a_layer_outside_that_panics_leaves_the_answer() {
    let count = Count::default();
    let layer = from_fn(async |request: Request, next: Next| {
        let is_bad = request.headers().contains_key("x-bad");
        let response = next.run(request).await;
        assert!(!is_bad, "after");
        response
    });
    let app = orders(&count)
        .layer(stack().idempotency(keys()))
        .layer(layer);
    assert_eq!(attempt(&app, &[BAD]).await, None);
    assert_eq!(attempt(&app, &[]).await, Some((201, String::new(), true)));
    assert_eq!(count.get(), 1);
}

/// P-ID-panic: the decision about a response panics after the handler. So the outcome is unknown.
#[tokio::test(start_paused = true)]
async fn a_decision_that_panics_is_unknown() {
    let (count, unfinished) = (Count::default(), Detached::new());
    let decide = |status: StatusCode| -> Option<Commit> { panic!("about {status}") };
    let layer = keys().commit_by_status(decide).detached(unfinished.clone());
    let app = orders(&count).layer(stack().idempotency(layer));
    let _first = attempt(&app, &[]).await;
    let retry = attempt(&app, &[]).await.unwrap();
    assert_eq!((retry.0, count.get(), unfinished.len()), (409, 1, 0));
    assert_eq!(retry.1, "outcome-unknown");
}

/// A source or a lock's key that panics below a key: the write has not run, and it never runs twice.
#[tokio::test(start_paused = true)]
async fn a_source_that_panics_runs_nothing() {
    for locked in [false, true] {
        let (count, unfinished) = (Count::default(), Detached::new());
        let source = source::now(move |request| {
            assert!(locked, "a source");
            panic_if(request);
            EntityTag::strong("1")
        });
        let guard = PreconditionLayer::new(source);
        let keys = keys().detached(unfinished.clone());
        let app = if locked {
            let key = |request: &Parts| {
                panic_if(request);
                Some("one".to_owned())
            };
            orders(&count).layer(
                stack()
                    .idempotency(keys)
                    .precondition(guard.lock(KeyedLock::new(), key)),
            )
        } else {
            orders(&count).layer(stack().idempotency(keys).precondition(guard))
        };
        let fields = [BAD, ("if-match", "\"1\"")];
        let first = attempt(&app, &fields).await;
        assert!(
            first.as_ref().is_none_or(|first| first.0 >= 400),
            "{first:?}"
        );
        assert_eq!((count.get(), unfinished.len()), (0, 0), "{locked}");
        // The lease is not waited for.
        let retry = attempt(&app, &fields).await;
        assert!(retry.is_none_or(|retry| retry.1 != "in-flight"), "{locked}");
    }
}

/// A renderer that panics takes its own refusal only.
#[tokio::test(start_paused = true)]
async fn a_renderer_that_panics_takes_one_refusal() {
    let count = Count::default();
    let render = |_: &Refusal<'_>| -> (HeaderValue, bytes::Bytes) { panic!("a renderer") };
    let app = orders(&count).layer(keys().refusals(render));
    assert_eq!(attempt(&app, &[]).await, Some((201, String::new(), false)));
    let other = AssertUnwindSafe(keyed(&app, "PUT", "/", "a", &[]))
        .catch_unwind()
        .await;
    assert!(other.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(attempt(&app, &[]).await, Some((201, String::new(), true)));
    assert_eq!(count.get(), 1);
}
