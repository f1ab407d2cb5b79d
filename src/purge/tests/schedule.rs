//! The second round of each purge.

use std::{sync::Arc, time::Duration};

use tokio::task::yield_now;

use super::{
    scripted_purger::{Act, Script, ScriptedPurger, script},
    tagged,
};
use crate::{
    purge::{PurgeError, PurgeLimits, PurgeQueue},
    test_support::pass,
};

fn again(script: &Arc<Script>, limits: PurgeLimits) -> PurgeQueue {
    let limits = limits.repeat_after(Duration::from_secs(60)).unwrap();
    PurgeQueue::with_limits(ScriptedPurger(Arc::clone(script)), limits)
}

#[tokio::test(start_paused = true)]
async fn each_purge_has_a_second_round() {
    let script = script([]);
    let queue = again(&script, PurgeLimits::new());
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    pass(Duration::from_secs(30)).await;
    assert_eq!(queue.enqueue(tagged(&["b"])).await, Ok(()));
    pass(Duration::from_secs(600)).await;
    let expected = [(0, "a"), (30_000, "b"), (60_000, "a"), (90_000, "b")];
    assert_eq!(
        script.calls(),
        expected.map(|(at, names)| (at, names.to_owned()))
    );
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_was_given_up_has_a_second_round() {
    let script = script([Act::Fail; 3]);
    let queue = again(&script, PurgeLimits::new().max_attempts(1).unwrap());
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Err(PurgeError::Failed));
    assert_eq!(queue.enqueue(tagged(&["b"])).await, Err(PurgeError::Failed));
    pass(Duration::from_secs(61)).await;
    // Purges that are due at the same time are sent together.
    assert_eq!(script.names(), ["a", "b", "a b"]);
    assert_eq!(queue.failed(), 4);
}

/// A due purge goes before newer ones, and does not wait for a call that hangs.
#[tokio::test(start_paused = true)]
async fn a_second_round_is_not_delayed() {
    let script = script([Act::Forget, Act::Hang]);
    let limits = PurgeLimits::new()
        .timeout(Duration::from_secs(100))
        .unwrap();
    let queue = again(&script, limits);
    assert_eq!(queue.enqueue(tagged(&["a"])).await, Ok(()));
    let hanging = queue.enqueue(tagged(&["b"]));
    pass(Duration::from_secs(90)).await;
    let late = queue.enqueue(tagged(&["c"]));
    assert_eq!(hanging.await, Ok(()));
    assert_eq!(late.await, Ok(()));
    let expected = [
        (0, "a"),
        (0, "b"),
        (60_000, "a"),
        (90_000, "c"),
        (100_100, "b"),
    ];
    assert_eq!(
        script.calls()[..5],
        expected.map(|(at, names)| (at, names.to_owned()))
    );
}

#[tokio::test(start_paused = true)]
async fn second_rounds_are_bounded() {
    let script = script([]);
    let queue = again(&script, PurgeLimits::new().max_queued(2).unwrap());
    for name in ["a", "b", "c"] {
        assert_eq!(queue.enqueue(tagged(&[name])).await, Ok(()));
        yield_now().await;
    }
    assert_eq!(queue.dropped(), 1);
    pass(Duration::from_secs(61)).await;
    assert_eq!(script.names(), ["a", "b", "c", "a b"]);
    // There is room again.
    assert_eq!(queue.enqueue(tagged(&["d"])).await, Ok(()));
    pass(Duration::from_secs(61)).await;
    assert_eq!(script.names().last().unwrap(), "d");
    assert_eq!(script.names().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn second_rounds_run_after_the_last_handle_is_dropped() {
    let script = script([]);
    let queue = again(&script, PurgeLimits::new());
    let ticket = queue.enqueue(tagged(&["a"]));
    drop(queue);
    assert_eq!(ticket.await, Ok(()));
    pass(Duration::from_secs(61)).await;
    assert_eq!(script.times(), [0, 60_000]);
    assert_eq!(Arc::strong_count(&script), 1, "the task has not ended");
}
