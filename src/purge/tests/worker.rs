//! A target that a cache refuses or never responds to, among many others.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    caches::{Times, nginx, requests, target},
    http_purger::targeted,
};
use crate::{
    purge::{PurgeError, PurgeLimits},
    test_support::pass,
};

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
        pass(Duration::from_secs(1)).await;
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
            pass(Duration::from_millis(200)).await;
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

/// Issue 10, B.2: calls that hang are bounded, and half of the room is for first tries.
#[tokio::test(start_paused = true)]
async fn running_tries_are_bounded() {
    let times = Times::default();
    let limits = PurgeLimits::new().max_concurrency(6).unwrap();
    let queue = nginx(&times, limits);
    let hanging: Vec<_> = (0..6)
        .map(|at| queue.enqueue(target(&format!("/0/{at}"))))
        .collect();
    pass(Duration::from_secs(6)).await;
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
    pass(Duration::from_secs(2)).await;
    let flush = tokio::spawn({
        let queue = queue.clone();
        async move { queue.flush().await }
    });
    pass(Duration::from_secs(1)).await;
    let last = queue.enqueue(target("/0/last"));
    flush.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(first.await, Err(PurgeError::Failed));
    assert_eq!(last.await, Err(PurgeError::Failed));
    assert_eq!(began.elapsed().as_secs(), 8);
}
