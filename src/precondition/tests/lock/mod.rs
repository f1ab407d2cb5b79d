//! Check, write and release in one step.

mod disconnects;
mod keys;
mod uploads;

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::EXPECT, request::Parts};
use http_body::Body;
use http_body_util::Full;
use tokio::{sync::Semaphore, task::yield_now, time::Instant};
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneService};

use super::{representation, status};
use crate::{
    Outcome, PreconditionLayer,
    body::RequestBody,
    handler::Expected,
    lock::KeyedLock,
    precondition::OnUnchecked,
    semantics::condition::Current,
    source::SelfGet,
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
    // The content is available at once.
    request.headers_mut().remove(EXPECT);
    request
}

/// Returns the path as it is sent: the key of a service without other spellings.
fn path(request: &Parts) -> Option<String> {
    Some(request.uri.path().to_owned())
}

fn by_get() -> PreconditionLayer<(), SelfGet> {
    PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
}

/// The type of the service inside a lock.
type Handler<B> = BoxCloneService<Request<RequestBody<B>>, Response<ScriptedBody>, Infallible>;

fn handler<B, F, Fut>(respond: F) -> Handler<B>
where
    F: Fn(Request<RequestBody<B>>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Response<ScriptedBody>> + Send + 'static,
    B: Body + Send + 'static,
{
    BoxCloneService::new(service_fn(move |request| {
        let response = respond(request);
        async move { Ok(response.await) }
    }))
}

/// A counter that `PUT` increments in two steps. Other writes may come between them.
fn counter(version: &Arc<AtomicUsize>) -> Handler<Content> {
    let version = Arc::clone(version);
    handler(move |request: Request<RequestBody<Content>>| {
        let version = Arc::clone(&version);
        async move {
            let seen = version.load(Ordering::SeqCst);
            yield_now().await;
            if request.method() == Method::GET {
                return match seen {
                    0 => status(StatusCode::NOT_FOUND),
                    seen => representation(&format!("\"{seen}\"")),
                };
            }
            // Lets the other writes run.
            for _ in 0..16 {
                yield_now().await;
            }
            version.store(seen + 1, Ordering::SeqCst);
            let created = if seen == 0 { 201 } else { 204 };
            status(StatusCode::from_u16(created).unwrap())
        }
    })
}

/// A write that notes its steps and waits for a permit between them.
fn stepwise(log: &Log, go: &Arc<Semaphore>) -> Handler<Content> {
    let (log, go) = (log.clone(), Arc::clone(go));
    handler(move |_| {
        let (log, go) = (log.clone(), Arc::clone(&go));
        async move {
            log.note("begun");
            go.acquire().await.unwrap().forget();
            log.note("done");
            status(StatusCode::NO_CONTENT)
        }
    })
}

/// R-9110-13.1-a, R-9110-13.1.2-g: of 32 writes at once one wins, and the others get 412.
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

/// A panic reaches the client's task, and the lock is free.
#[tokio::test]
async fn a_panic_releases_the_lock() {
    let lock = KeyedLock::new();
    let service = PreconditionLayer::handler_checks()
        .lock(lock.clone(), path)
        .layer(handler(
            async |_: Request<RequestBody<Content>>| -> Response<ScriptedBody> {
                panic!("on purpose")
            },
        ));
    let client = tokio::spawn(service.oneshot(request("PUT", "/", [])));
    let panic = client.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    assert!(lock.is_empty());
}

/// A 503 with `Retry-After` if too many wait, or if one waits too long.
#[tokio::test(start_paused = true)]
async fn a_long_wait_is_refused() {
    let (log, go) = (Log::default(), Arc::new(Semaphore::new(0)));
    let lock = KeyedLock::new().timeout(Duration::from_secs(3));
    let service = PreconditionLayer::handler_checks()
        .lock(lock.clone(), path)
        .layer(stepwise(&log, &go));
    let _held = lock.acquire("/").await.unwrap();
    let started = Instant::now();
    let answer = service.oneshot(request("PUT", "/", [])).await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(log.take().is_empty());
}

/// Issue 11, A.5: only writes that may overwrite another write take the lock.
#[tokio::test(start_paused = true)]
async fn only_writes_that_may_overwrite_wait() {
    let version = Arc::new(AtomicUsize::new(1));
    let lock = KeyedLock::new().max_waiters(0);
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

/// Under a lock a handler need not compare. A comparison has the same result as without it.
#[tokio::test]
async fn a_handler_need_not_compare_under_a_lock() {
    let weak = crate::semantics::validator::EntityTag::weak("1").unwrap();
    let service = PreconditionLayer::new(knows(weak))
        .weak_if_match()
        .lock(KeyedLock::new(), path)
        .layer(handler(async |request: Request<RequestBody<Content>>| {
            let weak = crate::semantics::validator::EntityTag::weak("1").unwrap();
            let compares = request.headers().contains_key("x-compare");
            let held = !compares || Expected::of(&request).check(weak).is_ok();
            status(StatusCode::from_u16(if held { 204 } else { 418 }).unwrap())
        }));
    let condition = ("if-match", "W/\"1\"");
    let put = request("PUT", "/", [condition]);
    let answer = service.clone().oneshot(put).await.unwrap();
    assert_eq!(answer.status(), 204);
    assert!(Outcome::of(&answer).is_none());
    let put = request("PUT", "/", [condition, ("x-compare", "1")]);
    assert_eq!(service.oneshot(put).await.unwrap().status(), 204);
}

/// Issue 12, issue 10, A.9: the refusals of a lock honour `Accept`.
#[tokio::test(start_paused = true)]
async fn refusals_of_a_lock_honour_accept() {
    let never = handler(async |_: Request<RequestBody<Content>>| std::future::pending().await);
    let layer = || PreconditionLayer::new(knows(tagged("1")));
    for (accept, content_type) in [
        ("application/json", "application/problem+json"),
        ("text/html", "text/plain; charset=utf-8"),
    ] {
        let lock = KeyedLock::new().max_waiters(0);
        let service = layer().lock(lock.clone(), path).layer(never.clone());
        let put = || request("PUT", "/", [("accept", accept)]);
        let timed_out = service.clone().oneshot(put()).await.unwrap();
        assert_eq!(timed_out.status(), 500);
        assert_eq!(timed_out.headers()["content-type"], content_type);

        let _held = lock.acquire("/").await.unwrap();
        let busy = service.oneshot(put()).await.unwrap();
        assert_eq!(busy.status(), 503);
        assert_eq!(busy.headers()["content-type"], content_type);
    }
}

/// Issue 12: the same holds for a layer inside the one with the lock.
#[tokio::test]
async fn a_handler_need_not_compare_for_layers_inside() {
    let layer = || PreconditionLayer::new(knows(tagged("1"))).on_unchecked(OnUnchecked::Fail);
    let inside = layer().layer(handler(async |_: Request<RequestBody<Content>>| {
        status(StatusCode::NO_CONTENT)
    }));
    let service = layer().lock(KeyedLock::new(), path).layer(inside);
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    assert_eq!(service.oneshot(put).await.unwrap().status(), 204);
}

tokio::task_local! {
    static CALLER: &'static str;
}

/// Issue 11, A.5: the handler sees the task-locals of the layers outside.
#[tokio::test]
async fn task_locals_survive() {
    let seen = handler(async |_: Request<RequestBody<Content>>| {
        assert_eq!(CALLER.get(), "alice");
        yield_now().await;
        assert_eq!(CALLER.get(), "alice");
        status(StatusCode::NO_CONTENT)
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
