//! A process that stops for longer than its lease, and goes on after another took over.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::yield_now};

use super::{Runs, attempt, order, post, problem, send, service, user};
use crate::{
    clock::{Clock, ManualClock, SystemClock},
    idempotency::{IdempotencyLayer, OnLostAttempt},
    store::MemoryIdempotencyStore,
};

/// P-ID-lease, P-ID-takeover, P-ID-fencing: after the lease the next attempt runs, or none. The one
/// that was stopped changes no record, and its response does not leave.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_taken_over_ends_without_a_trace() {
    for reaction in [
        OnLostAttempt::Refuse,
        OnLostAttempt::Reexecute,
        OnLostAttempt::Resume,
    ] {
        let clock = ManualClock::new(SystemClock.now());
        let (runs, go_on) = (Runs::default(), Arc::new(Notify::new()));
        let store = MemoryIdempotencyStore::new().clock(clock.clone());
        let layer = IdempotencyLayer::new(store, user).on_lost_attempt(reaction);
        let stopped = Arc::clone(&go_on);
        let service = service(&layer, &runs, move |number, request| {
            let stopped = Arc::clone(&stopped);
            async move {
                assert_eq!(attempt(&request).takes_over(), number > 1);
                if number == 1 {
                    stopped.notified().await;
                }
                order(number, request).await
            }
        });
        let first = tokio::spawn({
            let service = service.clone();
            async move { send(&service, post("\"a\"")).await }
        });
        while runs.count() == 0 {
            yield_now().await;
        }
        clock.advance(Duration::from_secs(29));
        let early = send(&service, post("\"a\"")).await;
        assert_eq!((early.status, problem(&early)), (409, "in-flight"));
        clock.advance(Duration::from_secs(1));
        let second = send(&service, post("\"a\"")).await;
        let refuses = reaction == OnLostAttempt::Refuse;
        assert_eq!(second.status, if refuses { 409 } else { 201 });
        go_on.notify_one();
        let late = first.await.expect("no panic");
        assert_eq!((late.status, problem(&late)), (409, "outcome-unknown"));
        let third = send(&service, post("\"a\"")).await;
        if refuses {
            assert_eq!(problem(&third), "outcome-unknown");
        } else {
            assert_eq!((third.replayed, third.content), (true, second.content));
        }
        assert_eq!(runs.count(), if refuses { 1 } else { 2 }, "{reaction:?}");
    }
}
