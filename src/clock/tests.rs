use super::*;

#[cfg(feature = "tracing")]
thread_local! {
    /// The time of [`uptime`](super::uptime) in the tests of this thread.
    static UPTIME: std::cell::Cell<Option<Duration>> = const { std::cell::Cell::new(None) };
}

#[cfg(feature = "tracing")]
pub(super) fn uptime() -> Option<Duration> {
    UPTIME.get()
}

/// A time of [`uptime`](super::uptime) that holds in this thread until this is dropped.
#[cfg(feature = "tracing")]
pub(crate) struct MovedUptime(Option<Duration>);

#[cfg(feature = "tracing")]
impl Drop for MovedUptime {
    fn drop(&mut self) {
        UPTIME.set(self.0);
    }
}

/// Sets the time of [`uptime`](super::uptime) for this thread.
#[cfg(feature = "tracing")]
pub(crate) fn set_uptime(time: Duration) -> MovedUptime {
    MovedUptime(UPTIME.replace(Some(time)))
}

#[test]
fn the_last_tick_is_recent_and_never_in_the_future() {
    let clock = SystemClock;
    for _ in 0..1000 {
        let before = clock.now();
        let tick = clock.coarse_now();
        assert!(tick <= clock.now());
        assert!(tick + Duration::from_millis(500) > before);
    }
    // Other clocks have one time for both.
    let manual = ManualClock::new(std::time::UNIX_EPOCH);
    manual.advance(Duration::from_millis(1999));
    assert_eq!(manual.coarse_now(), manual.now());
}

#[test]
fn a_shared_clock_is_a_clock() {
    let manual = ManualClock::new(SystemTime::UNIX_EPOCH);
    let shared: Arc<dyn Clock> = Arc::new(manual.clone());
    let layer = SharedClock::new(Arc::clone(&shared));
    manual.advance(Duration::from_secs(7));
    assert_eq!(layer.now(), HttpDate::from_unix_seconds(7));
    assert_eq!(layer.coarse_now(), HttpDate::from_unix_seconds(7));
}

#[cfg(feature = "tracing")]
#[test]
fn the_uptime_never_goes_back() {
    let first = super::uptime().unwrap();
    assert!(super::uptime().unwrap() >= first);
    let _moved = set_uptime(Duration::from_secs(7));
    assert_eq!(super::uptime(), Some(Duration::from_secs(7)));
}
