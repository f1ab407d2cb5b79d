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

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::EXPECT, request::Parts};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::sync::{
    Semaphore,
    mpsc::{UnboundedSender, unbounded_channel},
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{representation, status};
use crate::{
    Outcome, PreconditionLayer,
    body::RequestBody,
    handler::Expected,
    lock::KeyedLock,
    semantics::precondition::Current,
    source::{OnSourceError, Route, SelfGet},
    test_support::{self, Log, ScriptedBody, knows, tagged},
};

type Content = Full<Bytes>;

fn request<'a>(
    method: &str,
    path: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Request<Content> {
    let mut request =
        test_support::request(method, path, fields).map(|_| Content::from("new text"));
    // It is there at once.
    request.headers_mut().remove(EXPECT);
    request
}

/// The path as it is sent, which is the key of a service without other spellings.
fn path(request: &Parts) -> Option<String> {
    Some(request.uri.path().to_owned())
}

fn by_get() -> PreconditionLayer<crate::source::Unknown, SelfGet> {
    PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
}

type Call = Pin<Box<dyn Future<Output = Result<Response<ScriptedBody>, Infallible>> + Send>>;

/// A counter that `PUT` moves, in two steps with room for others between them.
fn counter(
    version: &Arc<AtomicUsize>,
) -> impl Service<
    Request<RequestBody<Content>>,
    Response = Response<ScriptedBody>,
    Error = Infallible,
    Future = Call,
> + Clone
+ Send
+ 'static {
    let version = Arc::clone(version);
    service_fn(move |request: Request<RequestBody<Content>>| -> Call {
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
        let layer = by_get().lock(lock.clone(), path);
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
) -> impl Service<
    Request<RequestBody<Content>>,
    Response = Response<ScriptedBody>,
    Error = Infallible,
    Future = Call,
> + Clone
+ Send
+ 'static {
    let (log, go) = (log.clone(), Arc::clone(go));
    service_fn(move |_: Request<RequestBody<Content>>| -> Call {
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
        .lock(lock.clone(), path)
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
        .lock(lock.clone(), path)
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
        .lock(lock.clone(), path)
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
        .lock(lock.clone(), path)
        .layer(service_fn(|_: Request<RequestBody<Content>>| -> Call {
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
        .lock(lock.clone(), path)
        .layer(stepwise(&log, &go));
    let _held = lock.acquire("/").await.unwrap();
    let started = tokio::time::Instant::now();
    let answer = service.oneshot(request("PUT", "/", [])).await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(log.take().is_empty());
}

/// Issue 11, A.4 and R-9110-13.1-a: the spellings of one resource that a handler takes
/// for the same have one lock.
#[tokio::test(start_paused = true)]
async fn the_key_is_what_the_handler_makes_of_the_path() {
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

/// Issue 11, A.4: a conditional write of which nobody can say what it is about is no
/// write under a lock.
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

/// Issue 11, A.4: a source that fails is no key either.
#[tokio::test(start_paused = true)]
async fn a_failed_source_does_not_stand_for_a_key() {
    let version = Arc::new(AtomicUsize::new(1));
    let layer = PreconditionLayer::new(|_: &Parts| async { Err::<Current, _>("down") })
        .on_source_error(OnSourceError::Proceed)
        .lock(KeyedLock::new(), |_| None::<String>);
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    let answer = layer.layer(counter(&version)).oneshot(put).await;
    assert_eq!(answer.unwrap().status(), 412);
    assert_eq!(version.load(Ordering::SeqCst), 1);
}

/// Issue 11, A.5: only what may write over another's write takes the lock.
#[tokio::test(start_paused = true)]
async fn only_writes_that_may_overwrite_wait() {
    let version = Arc::new(AtomicUsize::new(1));
    let lock = KeyedLock::new().waiters(0);
    let service = by_get().lock(lock.clone(), path).layer(counter(&version));
    let _held = lock.acquire("/").await.unwrap();
    for (method, condition, expected) in [
        ("GET", None, 200),
        ("POST", None, 204),
        ("POST", Some(("if-match", "\"2\"")), 503),
        ("PUT", None, 503),
        ("PATCH", None, 503),
        ("DELETE", None, 503),
    ] {
        let answer = service
            .clone()
            .oneshot(request(method, "/", condition))
            .await;
        assert_eq!(answer.unwrap().status(), expected, "{method} {condition:?}");
    }
}

/// Other keys, no key and reads do not wait.
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

/// Under a lock nobody need compare, and who does compares the same.
#[tokio::test]
async fn a_lock_makes_sure_of_what_is_expected() {
    let weak = crate::EntityTag::weak("1").unwrap();
    let service = PreconditionLayer::new(knows(weak))
        .weak_if_match()
        .lock(KeyedLock::new(), path)
        .layer(service_fn(
            |request: Request<RequestBody<Content>>| -> Call {
                let weak = crate::EntityTag::weak("1").unwrap();
                let code = if request.headers().contains_key("x-compare") {
                    let held = Expected::of(&request).check(weak).is_ok();
                    if held { 204 } else { 418 }
                } else {
                    204
                };
                let status = status(StatusCode::from_u16(code).unwrap());
                Box::pin(std::future::ready(Ok(status)))
            },
        ));
    let condition = ("if-match", "W/\"1\"");
    let put = request("PUT", "/", [condition]);
    let answer = service.clone().oneshot(put).await.unwrap();
    assert_eq!(answer.status(), 204);
    assert!(Outcome::of(&answer).is_none());
    let put = request("PUT", "/", [condition, ("x-compare", "1")]);
    assert_eq!(service.oneshot(put).await.unwrap().status(), 204);
}

/// Content that comes when it is sent.
type Upload = StreamBody<UnboundedReceiverStream<Result<Frame<Bytes>, Infallible>>>;

fn upload() -> (UnboundedSender<Result<Frame<Bytes>, Infallible>>, Upload) {
    let (sender, receiver) = unbounded_channel();
    (
        sender,
        StreamBody::new(UnboundedReceiverStream::new(receiver)),
    )
}

/// Answers 204 once it has read its content.
fn reader(
    log: &Log,
) -> impl Service<
    Request<RequestBody<Upload>>,
    Response = Response<ScriptedBody>,
    Error = Infallible,
    Future = Call,
> + Clone
+ Send
+ 'static {
    let log = log.clone();
    service_fn(move |request: Request<RequestBody<Upload>>| -> Call {
        let log = log.clone();
        Box::pin(async move {
            let content = request.into_body().collect().await.unwrap().to_bytes();
            log.note(String::from_utf8_lossy(&content));
            Ok(status(StatusCode::NO_CONTENT))
        })
    })
}

fn put(condition: Option<(&str, &str)>, content: Upload) -> Request<Upload> {
    request("PUT", "/", condition).map(|_| content)
}

/// Issue 11, A.5: a client that drips its content holds nobody up, and its write is
/// performed once the content is there.
#[tokio::test(start_paused = true)]
async fn the_lock_is_taken_after_the_content_has_come() {
    for condition in [None, Some(("if-match", "\"1\""))] {
        let log = Log::default();
        let lock = KeyedLock::new();
        let service = PreconditionLayer::new(knows(tagged("1")))
            .lock(lock.clone(), path)
            .layer(reader(&log));
        let (drip, content) = upload();
        let slow = tokio::spawn(service.clone().oneshot(put(condition, content)));
        drip.send(Ok(Frame::data(Bytes::from("sl")))).unwrap();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(lock.is_empty());

        let (_, content) = upload();
        let honest = service.oneshot(put(condition, content)).await.unwrap();
        assert_eq!(honest.status(), 204);
        drip.send(Ok(Frame::data(Bytes::from("ow")))).unwrap();
        drop(drip);
        assert_eq!(slow.await.unwrap().unwrap().status(), 204);
        assert_eq!(log.take(), ["", "slow"]);
        assert!(lock.is_empty());
    }
}

/// A stale upload that is not there yet is refused without it. So is one whose client
/// waits to be asked for it, which reading would do.
#[tokio::test(start_paused = true)]
async fn a_stale_upload_need_not_come() {
    let log = Log::default();
    let stale = ("if-match", "\"0\"");
    let service = PreconditionLayer::new(knows(tagged("1")))
        .lock(KeyedLock::new(), path)
        .layer(reader(&log));
    let (_drip, content) = upload();
    let slow = service.clone().oneshot(put(Some(stale), content));
    assert_eq!(slow.await.unwrap().status(), 412);

    // It expects to be asked, and its body panics when it is read.
    let waits = test_support::request("PUT", "/", [stale]);
    let unread = PreconditionLayer::new(knows(tagged("1")))
        .lock(KeyedLock::new(), path)
        .layer(service_fn(
            |_: Request<RequestBody<test_support::Upload>>| -> Call {
                panic!("a stale write was performed")
            },
        ));
    assert_eq!(unread.oneshot(waits).await.unwrap().status(), 412);
    assert!(log.take().is_empty());
}

/// What is longer than the limit is read under the lock, for as long as a write may hold
/// it. It is given up then, and says that nobody knows what became of it.
#[tokio::test(start_paused = true)]
async fn a_write_is_given_up_after_a_time() {
    let log = Log::default();
    let lock = KeyedLock::new().hold_timeout(Duration::from_secs(7));
    let service = PreconditionLayer::new(knows(tagged("1")))
        .lock(lock.clone(), path)
        .max_content(10)
        .layer(reader(&log));
    let (drip, content) = upload();
    drip.send(Ok(Frame::data(Bytes::from("eleven bytes"))))
        .unwrap();
    let started = tokio::time::Instant::now();
    let current = Some(("if-match", "\"1\""));
    let slow = tokio::spawn(service.clone().oneshot(put(current, content)));
    while lock.is_empty() {
        tokio::task::yield_now().await;
    }
    let (_, content) = upload();
    let next = service.oneshot(put(current, content)).await.unwrap();
    assert_eq!(next.status(), 204);
    assert_eq!(started.elapsed().as_secs(), 7);
    let slow = slow.await.unwrap().unwrap();
    assert_eq!(slow.status(), 500);
    assert_eq!(log.take(), [""]);
}

/// Issue 11, A.13: writes whose client has left are awaited through one handle.
#[tokio::test(start_paused = true)]
async fn writes_without_a_client_are_awaited() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let writes = crate::detached::Detached::new();
    let layers = [KeyedLock::new(), KeyedLock::new()].map(|lock| {
        PreconditionLayer::handler_checks()
            .lock(lock, path)
            .detached(writes.clone())
    });
    for layer in layers {
        let client = tokio::spawn(layer.layer(stepwise(&log, &go)).oneshot(request(
            "PUT",
            "/",
            [],
        )));
        while log.take().is_empty() {
            tokio::task::yield_now().await;
        }
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
    }
    assert_eq!(writes.len(), 2);
    let idle = tokio::spawn({
        let writes = writes.clone();
        async move { writes.idle().await }
    });
    go.add_permits(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(writes.len(), 1);
    assert!(!idle.is_finished());
    go.add_permits(1);
    idle.await.unwrap();
    assert_eq!(log.take(), ["done", "done"]);
}

tokio::task_local! {
    static CALLER: &'static str;
}

/// Issue 11, A.5: the handler sees the task-locals of the layers outside.
#[tokio::test]
async fn task_locals_survive() {
    let seen = service_fn(|_: Request<RequestBody<Content>>| -> Call {
        assert_eq!(CALLER.get(), "alice");
        Box::pin(async {
            tokio::task::yield_now().await;
            assert_eq!(CALLER.get(), "alice");
            Ok(status(StatusCode::NO_CONTENT))
        })
    });
    let service = PreconditionLayer::new(knows(tagged("1")))
        .lock(KeyedLock::new(), path)
        .layer(seen);
    for condition in [None, Some(("if-match", "\"1\""))] {
        let write = service.clone().oneshot(request("PUT", "/", condition));
        let answer = CALLER.scope("alice", write).await.unwrap();
        assert_eq!(answer.status(), 204);
    }
}
