//! Requests and their keys.

use super::*;
use crate::{
    route::Route,
    source::{OnSourceError, from_fn},
};

/// Issue 11, A.4 and R-9110-13.1-a: spellings of a path that are one resource for the
/// handler have one lock.
#[tokio::test(start_paused = true)]
async fn the_key_is_the_parameter_that_the_handler_reads() {
    let spellings = [
        "/notes/1",
        "/notes/%31?x",
        "/notes/01",
        "/notes/+1",
        "/notes/1/",
    ];
    for other in spellings {
        let version = Arc::new(AtomicUsize::new(1));
        let note = Route::new("/notes/{id}").unwrap();
        let service = by_get()
            .lock(KeyedLock::new(), move |request| {
                note.parameter::<i64>(request, "id")
            })
            .layer(counter(&version));
        let put = |path| {
            service
                .clone()
                .oneshot(request("PUT", path, [("if-match", "\"1\"")]))
        };
        let both = futures_util::future::join(put("/notes/1"), put(other));
        let (first, second) = both.await;
        assert_eq!(first.unwrap().status(), 204);
        assert_eq!(second.unwrap().status(), 412, "{other}");
    }
}

/// Issue 11, A.4: a conditional write without a key is not performed without a lock.
#[tokio::test(start_paused = true)]
async fn a_conditional_write_without_a_key_is_refused() {
    let version = Arc::new(AtomicUsize::new(1));
    let layer = || by_get().lock(KeyedLock::new(), |_| None::<String>);
    let put = |condition: Option<(&str, &str)>| request("PUT", "/", condition);
    let (current, next) = (("if-match", "\"1\""), ("if-match", "\"2\""));
    for (layer, request, expected) in [
        (layer(), put(Some(current)), 412),
        (layer(), put(None), 204),
        (layer().require(), put(None), 428),
        (layer().proceed_when_unknown(), put(Some(next)), 204),
    ] {
        let answer = layer.layer(counter(&version)).oneshot(request).await;
        assert_eq!(answer.unwrap().status(), expected);
    }
    assert_eq!(version.load(Ordering::SeqCst), 3);
}

/// Issue 12: a write without a key has no lock, so its handler has to compare.
#[tokio::test(start_paused = true)]
async fn a_handler_has_to_compare_without_a_key() {
    let layer = || {
        let layer = PreconditionLayer::new(knows(tagged("1"))).proceed_when_unknown();
        layer.on_unchecked(OnUnchecked::Fail)
    };
    let with_key = layer().lock(KeyedLock::new(), path);
    let without = layer().lock(KeyedLock::new(), |_| None::<String>);
    for (layer, expected) in [(with_key, 204), (without, 500)] {
        let service = layer.layer(counter(&Arc::new(AtomicUsize::new(1))));
        let put = request("PUT", "/", [("if-match", "\"1\"")]);
        assert_eq!(service.oneshot(put).await.unwrap().status(), expected);
    }
}

/// Issue 11, A.4: a failed source does not replace a key.
#[tokio::test(start_paused = true)]
async fn a_failed_source_does_not_replace_a_key() {
    let version = Arc::new(AtomicUsize::new(1));
    let layer = PreconditionLayer::new(from_fn(async |_| Err::<Current, _>("down")))
        .on_source_error(OnSourceError::Proceed)
        .lock(KeyedLock::new(), |_| None::<String>);
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    let answer = layer.layer(counter(&version)).oneshot(put).await;
    assert_eq!(answer.unwrap().status(), 412);
    assert_eq!(version.load(Ordering::SeqCst), 1);
}

/// Writes with another key or without one do not wait, and neither do reads.
#[tokio::test(start_paused = true)]
async fn only_the_same_key_waits() {
    let version = Arc::new(AtomicUsize::new(1));
    let lock = KeyedLock::new();
    let service = PreconditionLayer::handler_checks()
        .lock(lock.clone(), |request| {
            let id = request.headers.get("x-id")?;
            Some(id.to_str().ok()?.to_owned())
        })
        .layer(counter(&version));
    let _held = lock.acquire("a").await.unwrap();
    let other = request("PUT", "/", [("x-id", "b")]);
    let none = request("PUT", "/", []);
    let read = request("GET", "/", [("x-id", "a")]);
    for (request, expected) in [(other, 204), (none, 204), (read, 200)] {
        let answer = service.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), expected);
    }
}
