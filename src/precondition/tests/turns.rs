//! Check, write and release in one step.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use http::{Method, Request, Response, StatusCode, request::Parts};
use tokio::sync::Semaphore;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{representation, status};
use crate::{
    Outcome, PreconditionLayer,
    handler::Expected,
    lock::KeyedLock,
    semantics::precondition::Current,
    source::SelfGet,
    test_support::{Log, ScriptedBody, Upload, knows, request, tagged},
};

type Call = Pin<Box<dyn Future<Output = Result<Response<ScriptedBody>, Infallible>> + Send>>;

/// A counter that `PUT` moves, in two steps with room for others between them.
fn counter(
    version: &Arc<AtomicUsize>,
) -> impl Service<Request<Upload>, Response = Response<ScriptedBody>, Error = Infallible, Future = Call>
+ Clone
+ Send
+ 'static {
    let version = Arc::clone(version);
    service_fn(move |request: Request<Upload>| -> Call {
        let version = Arc::clone(&version);
        Box::pin(async move {
            let seen = version.load(Ordering::SeqCst);
            tokio::task::yield_now().await;
            if request.method() == Method::GET {
                return Ok(match seen {
                    0 => status(StatusCode::NOT_FOUND),
                    seen => representation(&format!("\"{seen}\"")),
                });
            }
            // Time for the others to come; the clock is paused, and nobody waits.
            tokio::time::sleep(Duration::from_millis(1)).await;
            version.store(seen + 1, Ordering::SeqCst);
            let created = if seen == 0 { 201 } else { 204 };
            Ok(status(StatusCode::from_u16(created).unwrap()))
        })
    })
}

/// R-9110-13.1-a, R-9110-13.1.2-g: of 32 at once one wins, and the others are
/// told.
#[tokio::test(start_paused = true)]
async fn one_of_many_wins() {
    for (start, condition, won) in [
        (0, ("if-none-match", "*"), 201),
        (1, ("if-match", "\"1\""), 204),
    ] {
        let version = Arc::new(AtomicUsize::new(start));
        let lock = KeyedLock::new();
        let layer = PreconditionLayer::self_get(SelfGet::new()).lock(lock.clone());
        let service = layer.layer(counter(&version));
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..32 {
            writers.spawn(service.clone().oneshot(request("PUT", "/", [condition])));
        }
        let mut codes: Vec<_> = writers
            .join_all()
            .await
            .into_iter()
            .map(|answer| answer.unwrap().status().as_u16())
            .collect();
        codes.sort_unstable();
        let mut expected = vec![412; 32];
        expected[0] = won;
        assert_eq!(codes, expected);
        assert_eq!(version.load(Ordering::SeqCst), start + 1);
        assert!(lock.is_empty());
    }
}

/// A write that notes its steps and waits for a permit between them.
fn stepwise(
    log: &Log,
    go: &Arc<Semaphore>,
) -> impl Service<Request<Upload>, Response = Response<ScriptedBody>, Error = Infallible, Future = Call>
+ Clone
+ Send
+ 'static {
    let (log, go) = (log.clone(), Arc::clone(go));
    service_fn(move |_: Request<Upload>| -> Call {
        let (log, go) = (log.clone(), Arc::clone(&go));
        Box::pin(async move {
            log.note("begun");
            go.acquire().await.unwrap().forget();
            log.note("done");
            Ok(status(StatusCode::NO_CONTENT))
        })
    })
}

/// R-5789-2-a, R-9110-13.1-a: a client that leaves splits nothing: the write
/// completes, and the lock is free afterwards.
#[tokio::test(start_paused = true)]
async fn a_write_outlives_its_client() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let lock = KeyedLock::new();
    let service = PreconditionLayer::new(knows(tagged("1")))
        .lock(lock.clone())
        .layer(stepwise(&log, &go));
    for condition in [Some(("if-match", "\"1\"")), None] {
        let patch = || request("PATCH", "/", condition);
        let client = tokio::spawn(service.clone().oneshot(patch()));
        while log.take().is_empty() {
            tokio::task::yield_now().await;
        }
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
        assert_eq!(lock.len(), 1, "released before the write was done");
        go.add_permits(2);
        let next = service.clone().oneshot(patch()).await.unwrap();
        assert_eq!(next.status(), 204);
        assert_eq!(log.take(), ["done", "begun", "done"]);
        assert!(lock.is_empty());
    }
}

/// Between the check and the write there is no way out either.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_during_the_check() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(1)));
    let asked = Arc::new(Semaphore::new(0));
    let lock = KeyedLock::new();
    let source = {
        let asked = Arc::clone(&asked);
        move |_: &Parts| {
            let asked = Arc::clone(&asked);
            async move {
                asked.acquire().await.unwrap().forget();
                Ok::<Current, Infallible>(tagged("1").into())
            }
        }
    };
    let service = PreconditionLayer::new(source)
        .lock(lock.clone())
        .layer(stepwise(&log, &go));
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    let client = tokio::spawn(service.oneshot(put));
    while lock.is_empty() {
        tokio::task::yield_now().await;
    }
    client.abort();
    let _ = client.await;
    asked.add_permits(1);
    drop(lock.acquire("/").await.unwrap());
    assert_eq!(log.take(), ["begun", "done"]);
    assert!(lock.is_empty());
}

/// Whoever waits may leave, and nothing of it stays.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_it_waits() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let lock = KeyedLock::new();
    let service = PreconditionLayer::handler_checks()
        .lock(lock.clone())
        .layer(stepwise(&log, &go));
    let held = lock.acquire("/").await.unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut waiting = Box::pin(service.oneshot(request("PUT", "/", [])));
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    assert_eq!(lock.len(), 1);
    drop(waiting);
    drop(held);
    assert!(lock.is_empty());
    assert!(log.take().is_empty());
}

/// A panic reaches the client's task, and the lock is free.
#[tokio::test]
async fn a_panic_releases_the_lock() {
    let lock = KeyedLock::new();
    let service = PreconditionLayer::handler_checks()
        .lock(lock.clone())
        .layer(service_fn(|_: Request<Upload>| -> Call {
            panic!("on purpose");
        }));
    let client = tokio::spawn(service.oneshot(request("PUT", "/", [])));
    let panic = client.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    assert!(lock.is_empty());
}

/// 503 with `Retry-After`, where too many wait or one for too long.
#[tokio::test(start_paused = true)]
async fn whoever_waits_too_long_is_refused() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let lock = KeyedLock::new().patience(Duration::from_secs(3));
    let service = PreconditionLayer::handler_checks()
        .lock(lock.clone())
        .layer(stepwise(&log, &go));
    let _held = lock.acquire("/").await.unwrap();
    let started = tokio::time::Instant::now();
    let answer = service.oneshot(request("PUT", "/", [])).await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(log.take().is_empty());
}

/// R-9110-13.1-a: two spellings of one path are one resource.
#[tokio::test(start_paused = true)]
async fn the_key_is_the_path_however_it_is_spelled() {
    let version = Arc::new(AtomicUsize::new(1));
    let service = PreconditionLayer::self_get(SelfGet::new())
        .lock(KeyedLock::new())
        .layer(counter(&version));
    let put = |path| {
        service
            .clone()
            .oneshot(request("PUT", path, [("if-match", "\"1\"")]))
    };
    let both = futures_util::future::join(put("/notes/1"), put("/notes/%31?x"));
    let (first, second) = both.await;
    assert_eq!(first.unwrap().status(), 204);
    assert_eq!(second.unwrap().status(), 412);
}

/// Other keys, no key and reads do not wait.
#[tokio::test(start_paused = true)]
async fn only_the_same_key_waits() {
    let version = Arc::new(AtomicUsize::new(1));
    let lock = KeyedLock::new();
    let service = PreconditionLayer::handler_checks()
        .lock_by(lock.clone(), |request| {
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

/// Under a lock nobody need compare, and who does compares the same.
#[tokio::test]
async fn a_lock_makes_sure_of_what_is_expected() {
    let weak = crate::EntityTag::weak("1").unwrap();
    let service = PreconditionLayer::new(knows(weak))
        .weak_if_match()
        .lock(KeyedLock::new())
        .layer(service_fn(|request: Request<Upload>| -> Call {
            let weak = crate::EntityTag::weak("1").unwrap();
            let code = if request.headers().contains_key("x-compare") {
                let held = Expected::of(&request).check(weak).is_ok();
                if held { 204 } else { 418 }
            } else {
                204
            };
            let status = status(StatusCode::from_u16(code).unwrap());
            Box::pin(std::future::ready(Ok(status)))
        }));
    let condition = ("if-match", "W/\"1\"");
    let put = request("PUT", "/", [condition]);
    let answer = service.clone().oneshot(put).await.unwrap();
    assert_eq!(answer.status(), 204);
    assert!(Outcome::of(&answer).is_none());
    let put = request("PUT", "/", [condition, ("x-compare", "1")]);
    assert_eq!(service.oneshot(put).await.unwrap().status(), 204);
}
