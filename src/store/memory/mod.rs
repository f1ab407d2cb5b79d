//! The stores in the memory of this process.

mod idempotency;
mod room;
mod validators;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use idempotency::MemoryIdempotencyStore;
pub use validators::MemoryValidatorStore;

/// Locks a part of a store. A step never leaves a record half changed, so a panic elsewhere does
/// not matter.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
