//! A target that a cache refuses or never responds to, among many others.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};
use tower::{Service, service_fn};

use super::{
    http_purger::{targeted, uri},
    tagged,
};
use crate::{
    BoxError,
    purge::{HttpPurger, NotPurged, Purge, PurgeError, PurgeLimits, PurgeQueue},
    test_support::{Log, ScriptedBody},
};

/// The times of the requests for each path, in seconds.
pub(super) type Times = Arc<Mutex<BTreeMap<String, Vec<f64>>>>;

/// A cache that responds with the status at the start of the path, and with 200 otherwise. For a
/// status of zero it hangs. `/429-7/x` adds `Retry-After: 7`.
fn cache(
    times: &Times,
) -> impl Service<Request<Bytes>, Response = Response<ScriptedBody>, Error = BoxError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    let (times, began) = (Arc::clone(times), Instant::now());
    service_fn(move |request: Request<Bytes>| {
        let path = request.uri().path().to_owned();
        let at = began.elapsed().as_secs_f64();
        times
            .lock()
            .unwrap()
            .entry(path.clone())
            .or_default()
            .push(at);
        async move {
            let head = path.split('/').nth(1).unwrap_or_default();
            let (status, after) = head.split_once('-').unwrap_or((head, ""));
            let status = status.parse().unwrap_or(200);
            if status == 0 {
                pending::<()>().await;
            }
            let mut response = Response::new(ScriptedBody::sized([]));
            *response.status_mut() = StatusCode::from_u16(status)?;
            if !after.is_empty() {
                let after = HeaderValue::from_str(after)?;
                response.headers_mut().insert(RETRY_AFTER, after);
            }
            Ok(response)
        }
    })
}

pub(super) fn nginx(times: &Times, limits: PurgeLimits) -> PurgeQueue {
    let purger = HttpPurger::purge_urls(cache(times), uri("http://cache/")).unwrap();
    PurgeQueue::with_limits(purger, limits)
}

pub(super) fn target(path: &str) -> Purge {
    targeted(&[], &[path])
}

pub(super) fn requests(times: &Times) -> usize {
    times.lock().unwrap().values().map(Vec::len).sum()
}

/// Issue 10, B.2: one refused target each second took 6,306 requests for 1,800 purges, and
/// 1,210 of them were given up.
#[tokio::test(start_paused = true)]
async fn a_refused_target_does_not_affect_others() {
    let times = Times::default();
    let queue = nginx(&times, PurgeLimits::new());
    let mut tickets = Vec::new();
    for second in 0..300 {
        tickets.push((false, queue.enqueue(target(&format!("/403/{second}")))));
        for other in 0..5 {
            let path = format!("/notes/{second}-{other}");
            tickets.push((true, queue.enqueue(target(&path))));
        }
        sleep(Duration::from_secs(1)).await;
    }
    for (good, ticket) in tickets {
        let expected = if good {
            Ok(())
        } else {
            Err(PurgeError::Refused)
        };
        assert_eq!(ticket.await, expected);
    }
    assert_eq!(requests(&times), 1_800);
    assert_eq!((queue.failed(), queue.dropped()), (300, 0));
}

/// Issue 10, B.2: one target that hangs each second does not delay the others.
#[tokio::test(start_paused = true)]
async fn a_target_that_hangs_does_not_delay_others() {
    let times = Times::default();
    let queue = nginx(&times, PurgeLimits::new());
    let mut hanging = Vec::new();
    let mut slowest = Duration::ZERO;
    for second in 0..300 {
        hanging.push(queue.enqueue(target(&format!("/0/{second}"))));
        for other in 0..5 {
            let began = Instant::now();
            let path = format!("/notes/{second}-{other}");
            assert_eq!(queue.enqueue(target(&path)).await, Ok(()));
            slowest = slowest.max(began.elapsed());
            sleep(Duration::from_millis(200)).await;
        }
    }
    assert!(slowest <= Duration::from_millis(500), "{slowest:?}");
    for ticket in hanging {
        assert!(ticket.await.is_err());
    }
    assert_eq!((queue.failed(), queue.dropped()), (300, 0));
    assert_eq!(requests(&times), 300 * 5 + 1_500);
}

/// Issue 10, B.2: within one purge, a target that succeeded is sent once.
#[tokio::test(start_paused = true)]
async fn only_the_failed_target_of_a_purge_is_retried() {
    let times = Times::default();
    let queue = nginx(&times, PurgeLimits::new());
    let purge = targeted(&[], &["/403/a", "/503/b", "/0/c", "/notes/1", "/notes/2"]);
    assert_eq!(queue.enqueue(purge).await, Err(PurgeError::Refused));
    assert_eq!(queue.failed(), 1);
    let counts: Vec<_> = times.lock().unwrap().values().map(Vec::len).collect();
    assert_eq!(counts, [5, 1, 5, 1, 1]);
}

/// Issue 10, B.2: a 4xx is final, except for those that are temporary.
#[tokio::test(start_paused = true)]
async fn temporary_failures_are_retried_and_final_ones_are_not() {
    for (status, tries, expected) in [
        (400, 1, PurgeError::Refused),
        (401, 1, PurgeError::Refused),
        (403, 1, PurgeError::Refused),
        (405, 1, PurgeError::Refused),
        (410, 1, PurgeError::Refused),
        (451, 1, PurgeError::Refused),
        (408, 5, PurgeError::Failed),
        (425, 5, PurgeError::Failed),
        (429, 5, PurgeError::Failed),
        (302, 5, PurgeError::Failed),
        (500, 5, PurgeError::Failed),
        (503, 5, PurgeError::Failed),
    ] {
        let times = Times::default();
        let queue = nginx(&times, PurgeLimits::new());
        let purged = queue.enqueue(target(&format!("/{status}"))).await;
        assert_eq!(purged, Err(expected), "{status}");
        assert_eq!(requests(&times), tries, "{status}");
        assert_eq!(queue.failed(), 1);
    }
    for status in [204, 404, 412] {
        let queue = nginx(&Times::default(), PurgeLimits::new());
        let purged = queue.enqueue(target(&format!("/{status}"))).await;
        assert_eq!(purged, Ok(()), "{status}");
    }
}

/// Issue 10, B.2: the pause is that of a 429 or 503, and at most the longest pause.
#[tokio::test(start_paused = true)]
async fn retry_after_delays_the_retry() {
    let limits = PurgeLimits::new().max_attempts(3).unwrap();
    for (path, expected) in [
        ("/503-7", [0, 7, 14]),
        ("/429-7", [0, 7, 14]),
        ("/503-3600", [0, 10, 20]),
        ("/503-99999999999999999999", [0, 0, 0]),
        ("/503-x", [0, 0, 0]),
        // Other statuses have no such pause.
        ("/500-7", [0, 0, 0]),
    ] {
        let times = Times::default();
        let queue = nginx(&times, limits.clone());
        assert_eq!(queue.enqueue(target(path)).await, Err(PurgeError::Failed));
        let seconds: Vec<_> = times.lock().unwrap()[path]
            .iter()
            .map(|at| *at as u64)
            .collect();
        assert_eq!(seconds, expected, "{path}");
    }
}

/// Issue 10, B.2: a cache may refuse several tags because of one of them.
#[tokio::test(start_paused = true)]
async fn purges_whose_merged_tags_are_refused_are_sent_one_by_one() {
    let log = Log::default();
    let told = log.clone();
    let varnish = service_fn(move |request: Request<Bytes>| {
        let tags = request.headers()["xkey-purge"].to_str().unwrap();
        told.note(tags);
        let status = if tags.contains("bad") { 400 } else { 200 };
        async move {
            sleep(Duration::from_millis(10)).await;
            let mut response = Response::new(ScriptedBody::sized([]));
            *response.status_mut() = StatusCode::from_u16(status)?;
            Ok::<_, BoxError>(response)
        }
    });
    let purger = HttpPurger::varnish(varnish, uri("http://cache/")).unwrap();
    let queue = PurgeQueue::new(purger);
    let first = queue.enqueue(tagged(&["first"]));
    yield_now().await;
    let good = queue.enqueue(tagged(&["a", "both"]));
    let bad = queue.enqueue(tagged(&["bad", "both"]));
    assert_eq!(first.await, Ok(()));
    assert_eq!(good.await, Ok(()));
    assert_eq!(bad.await, Err(PurgeError::Refused));
    assert_eq!(log.take(), ["first", "a bad both", "a both", "bad both"]);
    assert_eq!(queue.failed(), 1);
}

/// A batch that is refused on its last try is sent one by one, since the cause is one purge.
#[tokio::test(start_paused = true)]
async fn a_refusal_on_the_last_try_is_of_its_cause_alone() {
    for (most, failures) in [(5, 0), (5, 3), (5, 4), (1, 0)] {
        let requests = Arc::new(AtomicUsize::new(0));
        let varnish = service_fn(move |request: Request<Bytes>| {
            let is_down = requests.fetch_add(1, Ordering::SeqCst) < failures;
            let tags = request.headers()["xkey-purge"].to_str().unwrap();
            let status = match is_down {
                true => 503,
                false if tags.contains("bad") => 400,
                false => 200,
            };
            let mut response = Response::new(ScriptedBody::sized([]));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            async { Ok::<_, BoxError>(response) }
        });
        let purger = HttpPurger::varnish(varnish, uri("http://cache/")).unwrap();
        let limits = PurgeLimits::new().max_attempts(most).unwrap();
        let queue = PurgeQueue::with_limits(purger, limits);
        let (good, bad) = (
            queue.enqueue(tagged(&["good"])),
            queue.enqueue(tagged(&["bad"])),
        );
        assert_eq!(good.await, Ok(()), "{most} {failures}");
        assert_eq!(bad.await, Err(PurgeError::Refused), "{most} {failures}");
        assert_eq!(queue.failed(), 1);
    }
}

/// Issue 10, B.2: merged purges are separated after any error of a purger of your own.
#[tokio::test(start_paused = true)]
async fn purges_that_failed_together_are_sent_one_by_one() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&calls);
    let queue = PurgeQueue::new(move |purge: Purge| {
        let tags: Vec<_> = purge.tags().map(ToString::to_string).collect();
        told.lock().unwrap().push(tags.join(" "));
        async move {
            sleep(Duration::from_millis(1)).await;
            match () {
                () if tags.iter().any(|tag| tag == "panic") => panic!("on purpose"),
                () if tags.iter().any(|tag| tag == "refuse") => Err(NotPurged::refused("no")),
                () => Ok(()),
            }
        }
    });
    let first = queue.enqueue(tagged(&["first"]));
    yield_now().await;
    let tickets = ["a", "panic", "refuse"].map(|name| queue.enqueue(tagged(&[name])));
    assert_eq!(first.await, Ok(()));
    let [good, panics, refused] = tickets;
    assert_eq!(good.await, Ok(()));
    assert_eq!(refused.await, Err(PurgeError::Refused));
    assert_eq!(panics.await, Err(PurgeError::Failed));
    let mut expected = vec!["first", "a panic refuse", "a", "panic", "refuse"];
    expected.extend(["panic"; 3]);
    assert_eq!(*calls.lock().unwrap(), expected);
    assert_eq!(queue.failed(), 2);
}

/// Issue 10, B.2: calls that hang are bounded, and half of the room is for first tries.
#[tokio::test(start_paused = true)]
async fn running_tries_are_bounded() {
    let times = Times::default();
    let limits = PurgeLimits::new().max_concurrency(6).unwrap();
    let queue = nginx(&times, limits);
    let hanging: Vec<_> = (0..6)
        .map(|at| queue.enqueue(target(&format!("/0/{at}"))))
        .collect();
    sleep(Duration::from_secs(6)).await;
    // The first six have timed out, and three of them are retried.
    assert_eq!(requests(&times), 9);
    let began = Instant::now();
    assert_eq!(queue.enqueue(target("/notes/1")).await, Ok(()));
    assert!(began.elapsed() < Duration::from_millis(1));
    for ticket in hanging {
        assert_eq!(ticket.await, Err(PurgeError::Failed));
    }
}

/// Issue 10, B.2: a flush waits for retries, and not for purges that came later.
#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_earlier_purges_that_hang_and_for_no_later_ones() {
    let queue = nginx(
        &Times::default(),
        PurgeLimits::new().max_attempts(1).unwrap(),
    );
    let began = Instant::now();
    let first = queue.enqueue(target("/0/first"));
    sleep(Duration::from_secs(2)).await;
    let flush = tokio::spawn({
        let queue = queue.clone();
        async move { queue.flush().await }
    });
    sleep(Duration::from_secs(1)).await;
    let last = queue.enqueue(target("/0/last"));
    flush.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(first.await, Err(PurgeError::Failed));
    assert_eq!(last.await, Err(PurgeError::Failed));
    assert_eq!(began.elapsed().as_secs(), 8);
}
