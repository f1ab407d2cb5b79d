//! Merged purges of which one fails.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::task::yield_now;
use tower::service_fn;

use super::{http_purger::uri, tagged};
use crate::{
    BoxError,
    purge::{HttpPurger, NotPurged, Purge, PurgeError, PurgeLimits, PurgeQueue},
    test_support::{Log, ScriptedBody, pass},
};

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
            pass(Duration::from_millis(10)).await;
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
            pass(Duration::from_millis(1)).await;
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
