//! The suite that every store passes, and stores that it must reject.

mod broken;
mod broken_validators;
mod limits;
mod memory;
mod memory_validators;
mod simulation;

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    IdempotencyStore, ValidatorStore,
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

/// Runs the suite of stores that free records by themselves.
async fn check_self_freeing<S: IdempotencyStore>(
    make: impl FnOnce(ManualClock) -> S,
) -> Result<(), Violation> {
    let clock = clock();
    let store = Arc::new(make(clock.clone()));
    let pass = move |time| -> Ready<()> {
        clock.advance(time);
        ready(())
    };
    contract::check_self_freeing(&store, Duration::from_secs(10), pass).await
}

/// Runs the suite of validators on a store that is made with a clock.
async fn check_validators<S: ValidatorStore>(
    make: impl FnOnce(ManualClock) -> S,
) -> Result<(), Violation> {
    let clock = clock();
    let store = Arc::new(make(clock.clone()));
    let pass = move |time| -> Ready<()> {
        clock.advance(time);
        ready(())
    };
    contract::validators::check(&store, Duration::from_secs(10), pass).await
}
