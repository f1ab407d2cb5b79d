//! Tests of conditional requests, one file for each file of code.

mod admission;
mod current_in_412;
pub(super) mod evaluate;
mod fields;
mod not_modified;
mod self_get;
