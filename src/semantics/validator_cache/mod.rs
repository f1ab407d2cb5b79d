//! The life of remembered validators: leases of readers, intents of writers, and what may be
//! filled.
//!
//! Stores keep a [`ValidatorRecord`] for each key and a [`WriteRecord`] for each target of
//! writes, and decide by their methods. Nothing here waits, reads a clock or knows a store.
//!
//! A number orders all changes of a store, its *generation*. A reader's [`Grant`] has the
//! generation and the time of its lookup. An entry counts as long as the writes of everything
//! that it depends on allow its grant.

mod guarantee;
mod lease;
mod names;
mod record;
mod target;
#[cfg(test)]
mod tests;
mod writes;

pub use guarantee::Guarantee;
pub use lease::{Grant, LeaseRequest};
pub use names::{CacheScope, OperationId, ValidatorKey};
pub use record::{FillOutcome, Lookup, ValidatorRecord};
pub use target::{WriteIntent, WriteTarget};
pub use writes::{WriteEnd, WriteRecord, Writes};
