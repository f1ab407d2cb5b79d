//! Stores for the layers that have to remember: their traits, and the stores in memory.
//!
//! [`IdempotencyStore`] keeps the records of [`IdempotencyLayer`](crate::IdempotencyLayer).
//! [`MemoryIdempotencyStore`] keeps them in this process; the crates
//! `tower-conditional-sqlite` and `tower-conditional-postgres` have stores that survive it and
//! that several processes share.
//!
//! # Writing a store
//!
//! Every method is one atomic step on the store's own clock, decided by the rules of
//! [`KeyRecord`](crate::idempotency::KeyRecord). No method has a default: a store that forgets
//! an owner or a lease runs a payment twice. The feature `test-util` has
//! [`contract`], which every store should pass.

#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod error;
mod idempotency;
mod memory;
#[cfg(test)]
mod tests;

pub use error::{StoreError, StoreErrorKind};
pub use idempotency::{IdempotencyStore, Inspection, Step};
pub use memory::MemoryIdempotencyStore;
