use std::{thread::sleep, time::Duration};

const PAUSE: Duration = Duration::from_millis(10);

/// With the pauses, at least 30 seconds.
const TRIES: u32 = 3000;

/// Waits until another process has reached a state, which the text names.
///
/// # Panics
///
/// Panics with the text if 3000 tries in at least 30 seconds do not see the state.
pub fn wait_until(state: &str, is_reached: impl FnMut() -> bool) {
    let was_reached = is_reached_in_time(is_reached);
    assert!(was_reached, "not reached within {TRIES} tries: {state}");
}

/// Does the same as [`wait_until`], and returns `false` instead of a panic.
#[expect(
    clippy::disallowed_methods,
    reason = "another process reports no event to this one"
)]
pub(crate) fn is_reached_in_time(mut is_reached: impl FnMut() -> bool) -> bool {
    (0..TRIES).any(|_| {
        let reached = is_reached();
        if !reached {
            sleep(PAUSE);
        }
        reached
    })
}
