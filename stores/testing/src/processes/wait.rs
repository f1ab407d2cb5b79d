use std::{thread::sleep, time::Duration};

const PAUSE: Duration = Duration::from_millis(10);

/// With the pauses, at least 30 seconds.
const TRIES: u32 = 3000;

/// Waits until another process has reached a state, which the text names.
///
/// # Panics
///
/// Panics with the text if 3000 tries in at least 30 seconds do not see the state.
#[expect(
    clippy::disallowed_methods,
    reason = "another process reports no event to this one"
)]
pub fn wait_until(state: &str, mut is_reached: impl FnMut() -> bool) {
    for _ in 0..TRIES {
        if is_reached() {
            return;
        }
        sleep(PAUSE);
    }
    panic!("not reached within {TRIES} tries: {state}");
}
