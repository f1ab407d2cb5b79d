//! The store of validators.

mod cluster;
mod contract;
mod epoch;
mod epoch_steps;
mod faults;
mod format;
mod layer;
mod memory;
mod opening;
mod other_types;
mod random;
mod steps;
pub(crate) mod support;
mod table;
mod two_primaries;
