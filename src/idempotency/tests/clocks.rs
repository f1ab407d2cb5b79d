//! Clocks of the store that jump, and ends to the millisecond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{HandlerRequest, Runs, order, post, problem, send, service, user};
use crate::{
    clock::{Clock, ManualClock},
    idempotency::{IdempotencyLayer, Retention},
    store::MemoryIdempotencyStore,
};

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn keys(clock: &ManualClock) -> IdempotencyLayer<MemoryIdempotencyStore> {
    IdempotencyLayer::new(MemoryIdempotencyStore::new().clock(clock.clone()), user)
}

/// R-IK07-2.3-a: a day is a day, and no millisecond less.
#[tokio::test]
async fn a_record_lives_to_its_last_millisecond() {
    let (clock, runs) = (ManualClock::new(now()), Runs::default());
    let service = service(&keys(&clock), &runs, order);
    send(&service, post("\"a\"")).await;
    clock.advance(24 * HOUR - MILLISECOND);
    assert!(send(&service, post("\"a\"")).await.replayed);
    clock.advance(MILLISECOND);
    assert!(!send(&service, post("\"a\"")).await.replayed);
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn a_tombstone_lives_to_its_last_millisecond() {
    let (clock, runs) = (ManualClock::new(now()), Runs::default());
    let retention = Retention::new(HOUR).with_tombstone(HOUR);
    let service = service(&keys(&clock).retention(retention), &runs, order);
    send(&service, post("\"a\"")).await;
    for (passed, expected) in [(HOUR, 409), (HOUR - MILLISECOND, 409), (MILLISECOND, 201)] {
        clock.advance(passed);
        let seen = send(&service, post("\"a\"")).await;
        assert_eq!((seen.status, seen.replayed), (expected, false));
    }
    assert_eq!(runs.count(), 2);
}

/// The store's clock is set while the handler runs.
async fn run_while_the_clock_is_set(to: SystemTime) -> [u16; 3] {
    let (clock, runs) = (ManualClock::new(now()), Runs::default());
    let moved = clock.clone();
    let service = service(
        &keys(&clock),
        &runs,
        move |number, request: HandlerRequest| {
            moved.set(to);
            order(number, request)
        },
    );
    let mut statuses = [0; 3];
    for status in &mut statuses {
        *status = send(&service, post("\"a\"")).await.status;
    }
    assert_eq!(runs.count(), 1);
    statuses
}

#[tokio::test]
async fn a_clock_that_is_set_back_runs_nothing_twice() {
    assert_eq!(run_while_the_clock_is_set(now() - HOUR).await, [201; 3]);
    assert_eq!(run_while_the_clock_is_set(UNIX_EPOCH).await, [201; 3]);
    let before_1970 = UNIX_EPOCH - HOUR;
    assert_eq!(run_while_the_clock_is_set(before_1970).await, [201; 3]);
}

/// To the others the lease was over, so the outcome is unknown to all.
#[tokio::test]
async fn a_clock_that_is_set_forward_runs_nothing_twice() {
    assert_eq!(run_while_the_clock_is_set(now() + HOUR).await, [409; 3]);
}

/// A record that was replaced does not come back with the time in which it was current.
#[tokio::test]
async fn a_clock_that_is_set_back_does_not_bring_an_older_answer() {
    let (clock, runs) = (ManualClock::new(now()), Runs::default());
    let service = service(&keys(&clock), &runs, order);
    send(&service, post("\"a\"")).await;
    clock.advance(24 * HOUR);
    let second = send(&service, post("\"a\"")).await;
    clock.set(now());
    let seen = send(&service, post("\"a\"")).await;
    assert_eq!((seen.content, seen.replayed), (second.content, true));
    assert_eq!(runs.count(), 2);
}

/// Before 1970 all times are one, and nothing ends. Far in the future nothing overflows.
#[tokio::test]
async fn keys_work_in_any_year() {
    let far = UNIX_EPOCH + Duration::from_secs(1 << 45);
    for time in [UNIX_EPOCH - 1_000 * HOUR, UNIX_EPOCH, far] {
        let (clock, runs) = (ManualClock::new(time), Runs::default());
        let service = service(&keys(&clock), &runs, order);
        assert_eq!(send(&service, post("\"a\"")).await.status, 201);
        assert!(send(&service, post("\"a\"")).await.replayed, "{time:?}");
        assert_eq!(runs.count(), 1);
    }
}

/// P-ID-lease: a lease ends at its last millisecond.
#[tokio::test(start_paused = true)]
async fn a_lease_ends_at_its_last_millisecond() {
    let (clock, runs) = (ManualClock::new(now()), Runs::default());
    let lease = Duration::from_secs(30);
    let service = service(&keys(&clock).lease(lease), &runs, |_, _| {
        std::future::pending()
    });
    let first = service.clone();
    let first = tokio::spawn(async move { send(&first, post("\"a\"")).await });
    while runs.count() == 0 {
        tokio::task::yield_now().await;
    }
    for (passed, expected) in [
        (lease - MILLISECOND, "in-flight"),
        (MILLISECOND, "outcome-unknown"),
    ] {
        clock.advance(passed);
        let seen = send(&service, post("\"a\"")).await;
        assert_eq!((seen.status, problem(&seen)), (409, expected));
    }
    assert_eq!(runs.count(), 1);
    first.abort();
}

/// A clock that stands still ends nothing.
#[tokio::test]
async fn a_clock_that_stands_still_keeps_all_records() {
    let (clock, runs) = (ManualClock::new(now()), Runs::default());
    let service = service(&keys(&clock), &runs, order);
    for number in 0..200 {
        send(&service, post(&format!("\"{number}\""))).await;
    }
    for number in 0..200 {
        assert!(
            send(&service, post(&format!("\"{number}\"")))
                .await
                .replayed
        );
    }
    assert_eq!((runs.count(), clock.now()), (200, now()));
}
