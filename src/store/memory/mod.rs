//! The stores in the memory of this process.

mod idempotency;
mod room;
mod validators;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use idempotency::MemoryIdempotencyStore;
pub use validators::MemoryValidatorStore;

/// The smallest limit: one table of the store of validators, or one response of common length.
const MIN_BYTES: usize = 64 << 10;

/// Returns the limit of a store.
///
/// # Panics
///
/// Panics if it is too small. The number is often meant as one of MiB.
#[track_caller]
fn checked_max_bytes(bytes: usize) -> usize {
    assert!(
        bytes >= MIN_BYTES,
        "invalid limit of {bytes} bytes: use 64 KiB or more, such as `64 << 20` for 64 MiB"
    );
    bytes
}

/// Locks a part of a store. A step never leaves a record half changed, so a panic elsewhere does
/// not matter.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
