//! The rules of HTTP that the layers obey, as plain functions.
//!
//! Anything that can be computed from a method, a status, header fields, bytes and
//! `now` lives here and nowhere else. Nothing in this module waits, reads a
//! clock, knows a store or a `tower` service, and no input makes it panic.
//! Each rule names the section of the standard that it comes from.
//!
//! There are four storeys: `field`, `caching`, `validator` and `condition`. Each may use those
//! named before it.

pub(crate) mod caching;
pub(crate) mod condition;
pub(crate) mod field;
pub(crate) mod validator;

#[cfg(test)]
mod proptests;
#[cfg(test)]
pub(crate) mod tests;
