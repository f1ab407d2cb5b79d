use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Weak},
    task::Poll,
    time::Duration,
};

use tokio::{runtime, task::yield_now, time::Instant};

use super::{
    scripted_purger::{Act, Script, ScriptedPurger, script},
    tagged,
};
use crate::purge::{Purge, PurgeError, PurgeLimits, PurgeQueue};

fn queue(script: &Arc<Script>) -> PurgeQueue {
    PurgeQueue::new(ScriptedPurger(Arc::clone(script)))
}

fn limited(script: &Arc<Script>, limits: PurgeLimits) -> PurgeQueue {
    PurgeQueue::with_limits(ScriptedPurger(Arc::clone(script)), limits)
}

/// Waits until the purger was called this often.
async fn called(script: &Script, times: usize) {
    while script.calls().len() < times {
        yield_now().await;
    }
}

/// Returns `true` if the future is pending after it was polled.
async fn waits(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[tokio::test(start_paused = true)]
async fn a_purge_is_done_once() {
    let script = script([]);
    let queue = queue(&script);
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    assert_eq!(script.calls(), [(0, "a".to_owned())]);
    assert_eq!((queue.dropped(), queue.failed()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn pauses_double() {
    let script = script([Act::Fail; 4]);
    let queue = queue(&script);
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    assert_eq!(script.times(), [0, 100, 300, 700, 1500]);
    assert_eq!(queue.failed(), 0);
}

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_the_longest() {
    let script = script([Act::Fail; 4]);
    let limits = PurgeLimits::new()
        .backoff(Duration::from_secs(1), Duration::from_secs(3))
        .unwrap();
    let queue = limited(&script, limits);
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    assert_eq!(script.times(), [0, 1000, 3000, 6000, 9000]);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_and_the_next_purge_goes_on() {
    let script = script([Act::Fail, Act::Forget, Act::Fail, Act::Fail]);
    let queue = limited(&script, PurgeLimits::new().max_attempts(3).unwrap());
    let first = queue.enqueue(tagged(&["a"]));
    called(&script, 1).await;
    let next = queue.enqueue(tagged(&["b"]));
    assert_eq!(next.await, Ok(()));
    assert_eq!(first.await, Err(PurgeError::Failed));
    assert_eq!(script.names(), ["a", "b", "a", "a"]);
    assert_eq!(queue.failed(), 1);
}

#[tokio::test(start_paused = true)]
async fn purges_that_wait_are_merged() {
    let script = script([Act::Wait]);
    let queue = queue(&script);
    let first = queue.enqueue(tagged(&["a"]));
    called(&script, 1).await;
    let waiting = [["b", "c"], ["c", "d"], ["a", "b"]].map(|names| queue.enqueue(tagged(&names)));
    assert!(format!("{queue:?}").contains("waiting: 3"));
    script.allowed.add_permits(1);
    assert_eq!(first.await, Ok(()));
    for ticket in waiting {
        assert_eq!(ticket.await, Ok(()));
    }
    // The first purge is sent again, since it may have come before the second write.
    assert_eq!(script.names(), ["a", "a b c d"]);
}

#[tokio::test(start_paused = true)]
async fn merged_purges_fail_together() {
    let script = script([Act::Wait, Act::Fail]);
    let queue = limited(&script, PurgeLimits::new().max_attempts(1).unwrap());
    let first = queue.enqueue(tagged(&["a"]));
    called(&script, 1).await;
    let waiting = ["b", "c"].map(|name| queue.enqueue(tagged(&[name])));
    script.allowed.add_permits(1);
    assert_eq!(first.await, Ok(()));
    for ticket in waiting {
        assert_eq!(ticket.await, Err(PurgeError::Failed));
    }
    assert_eq!(queue.failed(), 2);
}

#[tokio::test(start_paused = true)]
async fn batches_are_bounded() {
    let script = script([Act::Wait]);
    let queue = limited(&script, PurgeLimits::new().max_batch(2).unwrap());
    drop(queue.enqueue(tagged(&["a"])));
    called(&script, 1).await;
    for names in [&["b"][..], &["c", "d"], &["e", "f", "g"], &["h"]] {
        drop(queue.enqueue(tagged(names)));
    }
    let last = queue.enqueue(tagged(&["i"]));
    script.allowed.add_permits(1);
    assert_eq!(last.await, Ok(()));
    assert_eq!(script.names(), ["a", "b c d", "e f g", "h i"]);
}

#[tokio::test(start_paused = true)]
async fn a_purger_that_hangs_times_out() {
    let script = script([Act::Hang]);
    let queue = queue(&script);
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    assert_eq!(script.times(), [0, 5100]);
    assert_eq!(*script.dropped_calls.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure() {
    let script = script([Act::Panic, Act::Forget, Act::Panic, Act::Panic]);
    let queue = limited(&script, PurgeLimits::new().max_attempts(2).unwrap());
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    assert_eq!(queue.enqueue(tagged(&["b"])).await, Err(PurgeError::Failed));
    assert_eq!(queue.enqueue(tagged(&["c"])).await, Ok(()));
    assert_eq!(script.names(), ["a", "a", "b", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_keeps_the_oldest() {
    let script = script([Act::Wait]);
    let queue = limited(&script, PurgeLimits::new().max_queued(2).unwrap());
    let first = queue.enqueue(tagged(&["a"]));
    called(&script, 1).await;
    let kept = ["b", "c"].map(|name| queue.enqueue(tagged(&[name])));
    let clone = queue.clone();
    assert_eq!(clone.enqueue(tagged(&["d"])).await, Err(PurgeError::Full));
    assert_eq!(queue.dropped(), 1);
    script.allowed.add_permits(1);
    assert_eq!(first.await, Ok(()));
    for ticket in kept {
        assert_eq!(ticket.await, Ok(()));
    }
    assert_eq!(script.names(), ["a", "b c"]);
    assert_eq!(queue.enqueue(tagged(&["d"])).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn queued_purges_are_sent_after_the_last_handle_is_dropped() {
    let script = script([Act::Fail]);
    let watched: Weak<Script> = Arc::downgrade(&script);
    let queue = limited(&script, PurgeLimits::new().max_batch(1).unwrap());
    drop(queue.clone());
    let tickets = ["a", "b"].map(|name| queue.enqueue(tagged(&[name])));
    drop(queue);
    for ticket in tickets {
        assert_eq!(ticket.await, Ok(()));
    }
    assert_eq!(script.names(), ["a", "b", "a"]);
    drop(script);
    // The task has ended, and dropped the purger.
    while watched.strong_count() > 0 {
        yield_now().await;
    }
}

/// A flush waits even if the queue is full, and for every result.
#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_what_was_queued_before() {
    let script = script([Act::Wait, Act::Fail]);
    let limits = PurgeLimits::new()
        .max_queued(1)
        .unwrap()
        .max_attempts(1)
        .unwrap();
    let queue = limited(&script, limits);
    let first = queue.enqueue(tagged(&["a"]));
    called(&script, 1).await;
    let second = queue.enqueue(tagged(&["b"]));
    let mut flush = Box::pin(queue.flush());
    assert!(waits(flush.as_mut()).await);
    script.allowed.add_permits(1);
    flush.await;
    assert_eq!(script.names(), ["a", "b"]);
    assert_eq!(first.await, Ok(()));
    assert_eq!(second.await, Err(PurgeError::Failed));
    assert_eq!((queue.dropped(), queue.failed()), (0, 1));

    // Nothing is left, so no purge is sent.
    queue.flush().await;
    assert_eq!(script.names(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_flush_sends_no_purge() {
    let script = script([Act::Wait, Act::Fail]);
    let queue = limited(&script, PurgeLimits::new().max_attempts(1).unwrap());
    drop(queue.enqueue(tagged(&["a"])));
    called(&script, 1).await;
    drop(queue.enqueue(tagged(&["b"])));
    let mut flush = Box::pin(queue.flush());
    assert!(waits(flush.as_mut()).await);
    let last = queue.enqueue(tagged(&["c"]));
    script.allowed.add_permits(1);
    flush.await;
    assert_eq!(last.await, Err(PurgeError::Failed));
    assert_eq!(script.names(), ["a", "b c"]);
    assert_eq!(queue.failed(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flush_has_no_second_round() {
    let script = script([]);
    let later = Duration::from_secs(5);
    let queue = limited(&script, PurgeLimits::new().repeat_after(later).unwrap());
    queue.flush().await;
    tokio::time::advance(later * 2).await;
    queue.enqueue(tagged(&["a"])).await.expect("told");
    assert_eq!(script.names(), ["a"]);
}

#[test]
fn a_runtime_that_ended_is_an_error() {
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let queue = {
        let _inside = runtime.enter();
        PurgeQueue::new(|_: Purge| async { Ok::<_, PurgeError>(()) })
    };
    let lost = queue.enqueue(tagged(&["a"]));
    drop(runtime);
    let late = queue.enqueue(tagged(&["b"]));
    assert_eq!(crate::test_support::run(lost), Err(PurgeError::Ended));
    assert_eq!(crate::test_support::run(late), Err(PurgeError::Ended));
    assert_eq!(queue.dropped(), 1);
    crate::test_support::run(queue.flush());
}

#[tokio::test(start_paused = true)]
async fn limits_that_allow_no_purge_are_refused() {
    let (zero, second) = (Duration::ZERO, Duration::from_secs(1));
    let limits = PurgeLimits::default;
    for (refused, name) in [
        (limits().max_queued(0), "max_queued"),
        (limits().max_queued(usize::MAX), "max_queued"),
        (limits().max_batch(0), "max_batch"),
        (limits().max_attempts(0), "max_attempts"),
        (limits().backoff(zero, second), "backoff"),
        (
            limits().backoff(second, Duration::from_millis(999)),
            "backoff",
        ),
        (limits().timeout(zero), "timeout"),
        (limits().max_concurrency(0), "max_concurrency"),
        (limits().repeat_after(zero), "repeat_after"),
    ] {
        let text = refused.unwrap_err().to_string();
        assert!(
            text.starts_with(&format!("invalid limit `{name}` \"")),
            "{text}"
        );
    }
    // The longest duration is a limit too.
    let script = script([Act::Fail]);
    let longest = Duration::MAX;
    let limits = limits()
        .timeout(longest)
        .and_then(|limits| limits.backoff(second, longest))
        .and_then(|limits| limits.repeat_after(longest))
        .unwrap();
    let began = Instant::now();
    assert_eq!(
        limited(&script, limits).enqueue(tagged(&["a"])).await,
        Ok(())
    );
    assert_eq!(began.elapsed().as_secs(), 1);
}
