use std::{sync::Barrier, thread, time::Duration};

use super::*;
use crate::{clock::tests::set_uptime, test_support::Random};

/// Adds events in these seconds, and returns the suppressed ones that each admitted event names.
fn admitted(limit: &LogLimit, seconds: impl IntoIterator<Item = u32>) -> Vec<Option<u32>> {
    let admitted = seconds.into_iter().filter_map(|at| limit.admit_in(at));
    admitted.map(|event| event.suppressed).collect()
}

/// P-OB-storm
#[test]
fn ten_events_of_a_second_are_admitted_and_the_next_names_the_others() {
    let limit = LogLimit::new();
    assert_eq!(admitted(&limit, [7; 10]), [None; 10]);
    assert_eq!(admitted(&limit, [7; 25]), []);
    // The second before is over, whatever a slow thread has read.
    assert_eq!(admitted(&limit, [6; 5]), []);
    assert_eq!(admitted(&limit, [9, 9]), [Some(30), None]);
    assert_eq!(admitted(&limit, [3600]), [None]);
}

#[test]
fn a_storm_without_end_does_not_overflow() {
    let limit = LogLimit(AtomicU64::new(u64::from(u32::MAX - 1)));
    assert_eq!(admitted(&limit, [0; 3]), []);
    assert_eq!(admitted(&limit, [1]), [Some(u32::MAX - MAX_PER_SECOND)]);
    assert_eq!(admitted(&limit, [u32::MAX; 12]).len(), 10);
}

#[test]
fn each_event_is_admitted_or_named_once() {
    for seed in 1..=200 {
        let mut random = Random::new(seed);
        let limit = LogLimit::new();
        let (mut now, mut told, mut sent) = (0, 0, 0);
        let mut of_second = 0;
        for _ in 0..500 {
            if random.below(20) == 0 {
                now += 1 + random.below(3) as u32;
                of_second = 0;
            }
            sent += 1;
            if let Some(event) = limit.admit_in(now) {
                of_second += 1;
                told += 1 + event.suppressed.unwrap_or_default();
            }
            assert!(of_second <= MAX_PER_SECOND, "seed {seed}");
        }
        // The last event names the rest.
        let last = limit.admit_in(now + 1).unwrap();
        assert_eq!(
            told + last.suppressed.unwrap_or_default(),
            sent,
            "seed {seed}"
        );
    }
}

#[test]
fn threads_share_a_limit() {
    const THREADS: usize = 4;
    let limit = LogLimit::new();
    let barrier = Barrier::new(THREADS);
    let told: u32 = thread::scope(|scope| {
        let run = || {
            barrier.wait();
            let events = (0..1000).filter_map(|at| limit.admit_in(at / 100));
            events
                .map(|event| 1 + event.suppressed.unwrap_or(0))
                .sum::<u32>()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        let told = threads.into_iter().map(|thread| thread.join().unwrap());
        told.sum::<u32>()
    });
    let rest = limit.admit_in(10).unwrap().suppressed.unwrap_or(0);
    assert_eq!(told + rest, 1000 * THREADS as u32);
}

/// Each event has a limit of its own, and `debug` events have none.
#[test]
fn events_are_limited_by_their_kind() {
    use crate::test_support::RecordedEvents;

    fn storm(events: u32) {
        for at in 0..events {
            limited_event!(WARN, at, "a storm");
        }
    }
    let events = RecordedEvents::default();
    // Nothing is counted while nobody listens.
    let _moved = set_uptime(Duration::from_secs(5));
    storm(100);
    let _subscribed = tracing::subscriber::set_default(events.clone());
    storm(100);
    assert_eq!(events.take().len(), 10);
    limited_event!(WARN, "another kind");
    assert_eq!(events.take(), ["WARN message=another kind"]);
    let _moved = set_uptime(Duration::from_millis(6_001));
    storm(1);
    assert_eq!(events.take(), ["WARN message=a storm suppressed=90 at=0"]);
}
