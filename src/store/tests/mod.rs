//! The suite that every store passes, and stores that it must reject.

mod broken;
mod limits;
mod memory;

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    IdempotencyStore,
    contract::{self, Violation},
};
use crate::clock::ManualClock;

fn clock() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000))
}

/// Runs the suite on a store that is made with a clock.
async fn check<S: IdempotencyStore>(make: impl FnOnce(ManualClock) -> S) -> Result<(), Violation> {
    let clock = clock();
    let store = Arc::new(make(clock.clone()));
    let pass = move |time| -> Ready<()> {
        clock.advance(time);
        ready(())
    };
    contract::check(&store, Duration::from_secs(10), pass).await
}
