//! Stores for the layers that have to remember: their traits, and the stores in memory.
//!
//! [`IdempotencyStore`] keeps the records of [`IdempotencyLayer`](crate::IdempotencyLayer).
//! [`MemoryIdempotencyStore`] keeps them in this process; the crates
//! `tower-conditional-sqlite`, `tower-conditional-postgres` and `tower-conditional-redis` have
//! stores that survive it and that several processes share.
//!
//! [`ValidatorStore`] remembers the validators of responses, so that a 304 needs no handler.
//! [`MemoryValidatorStore`] keeps them in this process. [`validators`] has the rules that make
//! a stale 304 impossible.
//!
//! # Writing a store
//!
//! Every method is one atomic step on the store's own clock. It is decided by the rules of
//! [`KeyRecord`](crate::idempotency::KeyRecord), or of
//! [`ValidatorRecord`](validators::ValidatorRecord) and
//! [`WriteRecord`](validators::WriteRecord). No method has a default: a store that forgets an
//! owner or a lease runs a payment twice. The feature `test-util` has [`contract`], which every
//! store should pass, and [`FaultyStore`], which loses and repeats the messages to a store.

mod any_validators;
#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod error;
#[cfg(any(test, feature = "test-util"))]
mod faulty;
mod forward;
mod idempotency;
mod memory;
#[cfg(test)]
mod tests;
pub mod validators;
mod within;

pub use any_validators::AnyValidatorStore;
pub use error::{StoreError, StoreErrorKind};
#[cfg(any(test, feature = "test-util"))]
pub use faulty::FaultyStore;
pub use idempotency::{IdempotencyStore, Inspection, Step};
pub use memory::{MemoryIdempotencyStore, MemoryValidatorStore};
pub(crate) use validators::ValidatorStore;
pub(crate) use within::{PAUSES, within};
