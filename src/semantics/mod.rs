//! The rules of HTTP, as plain functions.
//!
//! Every rule that depends only on method, status, headers, bytes and the current time is in this
//! module. Its functions are pure: they never wait, read a clock, or use a store or a `tower`
//! service. No input makes them panic. Each rule names its section of the standard.
//!
//! There are six levels: `field`, `caching`, `validator`, `condition`, `retry` and
//! `validator_cache`. Each may use levels before it. `canonical_json` stands apart.

pub(crate) mod caching;
#[cfg(feature = "json")]
pub(crate) mod canonical_json;
pub(crate) mod condition;
pub(crate) mod field;
#[cfg(feature = "tokio")]
pub(crate) mod retry;
pub(crate) mod validator;
#[cfg(feature = "tokio")]
pub(crate) mod validator_cache;

#[cfg(test)]
mod proptests;
#[cfg(test)]
pub(crate) mod tests;
