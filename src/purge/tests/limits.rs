//! The limits of calls, batches and open purges.

use std::time::Duration;

use tokio::{sync::Semaphore, time::Instant};

use super::{
    caches::{Times, nginx, requests, target},
    http_purger::targeted,
    scripted_purger::{Act, ScriptedPurger, script},
    tagged,
};
use crate::{
    purge::{PurgeLimits, PurgeQueue},
    test_support::pass,
};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn concurrency(tries: usize) -> PurgeLimits {
    PurgeLimits::new().max_concurrency(tries).expect("a limit")
}

/// Returns the milliseconds since the start at which a path was requested.
fn moments(times: &Times, path: &str) -> Vec<u64> {
    let times = times.lock().unwrap();
    let moments = times.get(path).into_iter().flatten();
    moments.map(|at| (at * 1e3).round() as u64).collect()
}

#[test]
fn the_defaults_are_documented() {
    let limits = PurgeLimits::default();
    assert_eq!((limits.max_queued, limits.max_batch), (1_024, 64));
    assert_eq!((limits.max_attempts, limits.max_concurrency), (5, 64));
    assert_eq!((limits.timeout, limits.repeat_after), (5 * SECOND, None));
    assert_eq!(limits.first_pause, 100 * MILLISECOND);
    assert_eq!(limits.longest_pause, 10 * SECOND);
}

#[test]
fn the_greatest_limits_are_limits() {
    let limits = PurgeLimits::new().max_queued(Semaphore::MAX_PERMITS);
    let limits = limits.and_then(|limits| limits.backoff(SECOND, SECOND));
    assert!(limits.is_ok(), "{limits:?}");
}

#[tokio::test(start_paused = true)]
async fn first_tries_wait_for_room() {
    let times = Times::default();
    let queue = nginx(&times, concurrency(2));
    drop(queue.enqueue(targeted(&[], &["/0/a", "/0/b", "/0/c"])));
    pass(4 * SECOND).await;
    assert_eq!(requests(&times), 2);
    pass(2 * SECOND).await;
    assert_eq!(moments(&times, "/0/c"), [5_000]);
}

/// Eight calls start together. Further ones start once these have turned out to be slow.
#[tokio::test(start_paused = true)]
async fn eight_calls_start_together() {
    for (timeout, prompt_time) in [
        (5 * SECOND, 250 * MILLISECOND),
        (20 * SECOND, SECOND),
        (60 * SECOND, SECOND),
    ] {
        let times = Times::default();
        let queue = nginx(&times, PurgeLimits::new().timeout(timeout).unwrap());
        let paths: Vec<_> = (0..20).map(|at| format!("/0/{at}")).collect();
        let paths: Vec<_> = paths.iter().map(String::as_str).collect();
        drop(queue.enqueue(targeted(&[], &paths)));
        pass(prompt_time - MILLISECOND).await;
        assert_eq!(requests(&times), 8, "{timeout:?}");
        pass(2 * MILLISECOND).await;
        assert_eq!(requests(&times), 16, "{timeout:?}");
        pass(prompt_time).await;
        assert_eq!(requests(&times), 20, "{timeout:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_for_room() {
    let times = Times::default();
    let queue = nginx(&times, concurrency(2));
    drop(queue.enqueue(target("/503/a")));
    pass(50 * MILLISECOND).await;
    drop(queue.enqueue(targeted(&[], &["/0/b", "/0/c"])));
    pass(5 * SECOND).await;
    assert_eq!(moments(&times, "/503/a"), [0]);
    pass(100 * MILLISECOND).await;
    assert_eq!(moments(&times, "/503/a"), [0, 5_050]);
}

/// Only retries count for the half of the room that retries get.
#[tokio::test(start_paused = true)]
async fn a_first_try_leaves_room_for_a_retry() {
    let times = Times::default();
    let queue = nginx(&times, concurrency(2));
    drop(queue.enqueue(targeted(&[], &["/0/b", "/503/a"])));
    pass(2 * SECOND).await;
    assert_eq!(moments(&times, "/503/a"), [0, 100, 300, 700, 1_500]);
    assert_eq!(moments(&times, "/0/b"), [0]);
}

/// While a call is prompt, or while there is no room, the purges that arrive are merged.
#[tokio::test(start_paused = true)]
async fn purges_are_merged_until_a_batch_can_begin() {
    for (limits, pause, expected) in [
        (PurgeLimits::new(), 100 * MILLISECOND, 250),
        (concurrency(1), SECOND, 5_000),
    ] {
        let script = script([Act::Hang]);
        let queue = PurgeQueue::with_limits(ScriptedPurger(script.clone()), limits);
        for name in ["a", "b", "c"] {
            drop(queue.enqueue(tagged(&[name])));
            pass(pause).await;
        }
        pass(6 * SECOND).await;
        let calls = script.calls();
        assert_eq!(calls[0], (0, "a".to_owned()));
        assert_eq!(calls[1], (expected, "b c".to_owned()));
    }
}

/// A second round that is due waits for the calls that may soon be done, and no longer.
#[tokio::test(start_paused = true)]
async fn a_second_round_waits_for_prompt_calls() {
    let script = script([Act::Forget, Act::Hang]);
    let limits = PurgeLimits::new().repeat_after(60 * SECOND).unwrap();
    let queue = PurgeQueue::with_limits(ScriptedPurger(script.clone()), limits);
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    pass(60 * SECOND - 100 * MILLISECOND).await;
    drop(queue.enqueue(tagged(&["b"])));
    pass(SECOND).await;
    let expected = [(0, "a"), (59_900, "b"), (60_150, "a")];
    assert_eq!(
        script.calls(),
        expected.map(|(at, names)| (at, names.to_owned()))
    );
}

/// As many purges may wait for a retry as may be queued and called. Further ones stay queued.
#[tokio::test(start_paused = true)]
async fn open_purges_are_bounded() {
    let script = script([Act::Fail; 3]);
    let limits = concurrency(1).max_queued(2);
    let limits = limits.and_then(|limits| limits.backoff(10 * SECOND, 10 * SECOND));
    let queue = PurgeQueue::with_limits(ScriptedPurger(script.clone()), limits.unwrap());
    for name in ["a", "b", "c", "d", "e", "f"] {
        drop(queue.enqueue(tagged(&[name])));
        pass(SECOND).await;
    }
    assert_eq!(script.names(), ["a", "b", "c"]);
    assert_eq!(queue.dropped(), 1);
    queue.flush().await;
    let expected = [(10_000, "a"), (10_000, "d e"), (11_000, "b"), (12_000, "c")];
    assert_eq!(
        script.calls()[3..],
        expected.map(|(at, names)| (at, names.to_owned()))
    );
}

/// A flush in the same batch as a purge waits for it.
#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_the_purges_of_its_batch() {
    let began = Instant::now();
    let script = script([Act::Hang, Act::Hang]);
    let limits = PurgeLimits::new().max_attempts(1).unwrap();
    let queue = PurgeQueue::with_limits(ScriptedPurger(script.clone()), limits);
    drop(queue.enqueue(tagged(&["a"])));
    pass(100 * MILLISECOND).await;
    drop(queue.enqueue(tagged(&["b"])));
    queue.flush().await;
    // The second call began after 250 milliseconds, and hung for five seconds.
    assert_eq!(script.names(), ["a", "b"]);
    assert_eq!(began.elapsed(), 5_250 * MILLISECOND);
}
