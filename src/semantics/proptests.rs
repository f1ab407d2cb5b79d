//! Strategies for property tests.

pub(in crate::semantics) mod strategies;
