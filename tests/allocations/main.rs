//! The exact allocations of the layers beyond the bare service.
//!
//! The figures are those of the tables in `benches/README.md`.

mod cache_policy;
mod cache_tags;
#[cfg(feature = "json")]
mod canonical_json;
mod growth;
#[cfg(feature = "tokio")]
mod idempotency;
#[cfg(feature = "tokio")]
mod idle;
#[cfg(feature = "metrics")]
mod observe;
mod preconditions;
mod ranges;
#[cfg(feature = "tokio")]
mod remembered;
mod support;
mod tags;
#[cfg(feature = "tokio")]
mod validators;
