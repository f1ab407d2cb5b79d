//! What the layers allocate over the bare service, exactly.
//!
//! The figures are those of design invariant 8 and of the README's tables.

mod cache_policy;
mod cache_tags;
mod growth;
mod preconditions;
mod support;
mod tags;
