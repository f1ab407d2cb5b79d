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
    IdempotencyStore, MemoryIdempotencyStore,
    contract::{self, Violation},
};
use crate::clock::ManualClock;

fn clock() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000))
}

/// Runs the suite on a store that is made around one in memory.
async fn check<S: IdempotencyStore>(
    around: impl FnOnce(MemoryIdempotencyStore) -> S,
) -> Result<(), Violation> {
    let clock = clock();
    let store = MemoryIdempotencyStore::new().clock(clock.clone());
    let store = Arc::new(around(store));
    let pass = move |time| -> Ready<()> {
        clock.advance(time);
        ready(())
    };
    contract::check(&store, Duration::from_secs(10), pass).await
}
