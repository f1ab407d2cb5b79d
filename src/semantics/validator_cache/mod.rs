//! Remembered validators: their keys and scopes, the requests and responses that count, leases of
//! readers and intents of writers.
//!
//! Stores keep a [`ValidatorRecord`] for each key and a [`WriteRecord`] for each target of
//! writes, and decide by their methods. Nothing here waits, reads a clock or knows a store.
//!
//! A number orders all changes of a store, its *generation*. A reader's [`Grant`] has the
//! generation and the time of its lookup. An entry counts as long as the writes of everything
//! that it depends on allow its grant.
//!
//! Uses `field`, `caching`, `validator` and `condition`.

mod fill;
mod guarantee;
mod intents;
mod key;
mod lease;
mod names;
mod read;
mod record;
mod target;
#[cfg(test)]
mod tests;
mod writes;

pub use fill::FillRefusal;
pub(crate) use fill::{may_fill, remembered_validators, undeclared_vary};
pub use guarantee::Guarantee;
pub(crate) use key::{KeyHasher, KeyParts};
pub use lease::{Grant, LeaseRequest};
pub use names::{CacheScope, OperationId, ValidatorKey};
pub(crate) use read::{ReadConditions, ReadMode};
pub use record::{FillOutcome, Lookup, ValidatorRecord};
pub use target::{WriteIntent, WriteTarget};
pub use writes::{WriteEnd, WriteRecord, Writes};
