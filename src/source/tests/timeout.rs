use std::{
    future::{pending, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use tokio::{sync::Notify, time::advance};

use super::*;

/// The timer is created when the source first has to wait.
#[test]
fn a_source_that_is_ready_needs_no_timer() {
    let source = knows(tagged("1")).timeout(Duration::from_nanos(1));
    assert_eq!(state_text(&source, "/"), "\"1\"");
    assert_eq!(
        state_text(&fails().timeout(Duration::from_nanos(1)), "/"),
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
    // A slow source that answers one millisecond before the timeout.
    let ready = Arc::default();
    let slow = waits_for(&ready).timeout(limit);
    let answer = answer_after(Duration::from_millis(249), &ready, &slow, "/").await;
    assert!(matches!(answer, Ok(Current::Absent)));
    let late = answer_after(limit, &ready, &slow, "/").await;
    assert!(late.unwrap_err().is_timeout());
}

/// Returns a source that is ready after a notification.
fn waits_for(ready: &Arc<Notify>) -> impl ValidatorSource + Clone + use<> {
    let ready = Arc::clone(ready);
    from_fn(move |_: &Parts| {
        let ready = Arc::clone(&ready);
        async move {
            ready.notified().await;
            Current::Absent
        }
    })
}

/// Returns the result of a source that is ready when `time` has passed on the paused clock.
async fn answer_after(
    time: Duration,
    ready: &Notify,
    source: &impl ValidatorSource,
    path: &str,
) -> Result<Current, SourceError> {
    let request = parts(path);
    let mut answer = pin!(current(source, &request));
    // The first poll creates the timer.
    assert!(
        poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx)))
            .await
            .is_pending()
    );
    advance(time).await;
    if let Poll::Ready(answer) = poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await {
        return answer;
    }
    ready.notify_one();
    answer.await
}

/// Issue 11, A.13: a configured timeout replaces the default, in every combination of sources.
#[tokio::test(start_paused = true)]
async fn a_longer_timeout_is_kept_by_combinators() {
    async fn is_in_time(ready: &Notify, source: impl ValidatorSource) -> bool {
        let answer = answer_after(Duration::from_secs(20), ready, &source, "/a");
        answer.await.is_ok()
    }

    let ready = Arc::default();
    let slow = waits_for(&ready);
    let limit = Duration::from_secs(30);
    let at = || slow.clone().at("/a").unwrap();
    assert!(!is_in_time(&ready, at()).await, "10 seconds");
    assert!(is_in_time(&ready, at().timeout(limit)).await);
    let inside = slow.clone().timeout(limit).at("/a").unwrap();
    assert!(is_in_time(&ready, Arc::new(inside)).await);
    let either = ().or_else(slow.timeout(limit));
    assert!(is_in_time(&ready, either).await);
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
