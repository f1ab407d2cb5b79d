use std::{future::pending, time::Duration};

use super::*;

/// The timer is created when the source first has to wait.
#[test]
fn a_source_that_is_ready_needs_no_timer() {
    let source = knows(tagged("1")).timeout(Duration::ZERO);
    assert_eq!(state_text(&source, "/"), "\"1\"");
    assert_eq!(
        state_text(&fails().timeout(Duration::ZERO), "/"),
        "! the source of validators failed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_times_out() {
    let limit = Duration::from_millis(250);
    let hangs = from_fn(async |_| pending::<Current>().await);
    let started = tokio::time::Instant::now();
    let error = current(&hangs.timeout(limit), &parts("/"))
        .await
        .unwrap_err();
    assert!(error.is_timeout() && !error.is_panic());
    assert_eq!(
        error.to_string(),
        "the source of validators took longer than its timeout of 250ms"
    );
    assert_eq!(started.elapsed(), limit);
    // The second source is called after the timeout.
    let chain = hangs.timeout(limit).or_else(knows(tagged("2")));
    let answer = current(&chain, &parts("/")).await.unwrap();
    assert!(answer.validators().is_some());
    // A slow source that answers in time.
    let slow = from_fn(async |_| {
        // One millisecond before the timeout, on the paused clock.
        tokio::time::sleep(Duration::from_millis(249)).await;
        Current::Absent
    });
    let answer = current(&slow.timeout(limit), &parts("/")).await.unwrap();
    assert!(matches!(answer, Current::Absent));
}

/// Issue 11, A.13: a configured timeout replaces the default, in every combination of sources.
#[tokio::test(start_paused = true)]
async fn a_longer_timeout_is_kept_by_combinators() {
    let slow = from_fn(async |_| {
        // The clock is paused, so this advances it.
        tokio::time::sleep(Duration::from_secs(20)).await;
        Current::Absent
    });
    let limit = Duration::from_secs(30);
    let at = || slow.at("/a").unwrap();
    assert!(current(&at(), &parts("/a")).await.is_err(), "10 seconds");
    assert!(current(&at().timeout(limit), &parts("/a")).await.is_ok());
    let inside = slow.timeout(limit).at("/a").unwrap();
    assert!(current(&Arc::new(inside), &parts("/a")).await.is_ok());
    let either = ().or_else(slow.timeout(limit));
    assert!(current(&either, &parts("/a")).await.is_ok());
}

/// Issue 11, A.13: each source has ten seconds or its own timeout, in every combination.
#[tokio::test(start_paused = true)]
async fn every_source_has_a_timeout() {
    async fn seconds(source: impl ValidatorSource) -> u64 {
        let started = tokio::time::Instant::now();
        let error = current(&source, &parts("/notes")).await.unwrap_err();
        assert!(error.is_timeout() && !error.is_panic());
        started.elapsed().as_secs()
    }

    async fn check(source: impl ValidatorSource + Clone, limit: u64) {
        let fields = RepeatedFields::new();
        assert_eq!(seconds(source.clone()).await, limit);
        assert_eq!(seconds(Arc::new(source.clone())).await, limit);
        assert_eq!(seconds(source.clone().repeating(fields)).await, limit);
        assert_eq!(seconds(source.clone().at("/notes").unwrap()).await, limit);
        assert_eq!(seconds(source.clone().or_else(source)).await, 2 * limit);
    }

    let hangs = from_fn(async |_| pending::<Current>().await);
    check(hangs, 10).await;
    check(hangs.timeout(Duration::from_secs(60)), 60).await;
}

/// Outside of a runtime there is no timer, and so no timeout.
#[test]
fn a_source_that_waits_needs_no_runtime() {
    let waits = from_fn(async |_| {
        crate::test_support::wait_once().await;
        Current::Absent
    });
    assert_eq!(state_text(&waits, "/"), "-");
}
