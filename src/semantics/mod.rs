//! The rules of HTTP that the layers obey, as plain functions.
//!
//! Whatever can be computed from a method, a status, header fields, bytes and
//! `now` lives here and nowhere else. Nothing in this module waits, reads a
//! clock, knows a store or a `tower` service, and no input makes it panic.
//! Each rule names the section of the standard that it comes from.

pub(crate) mod accept;
pub mod accept_encoding;
pub mod audit;
pub(crate) mod authority;
pub mod cache_control;
pub mod cache_policy;
pub mod cache_status;
pub mod cache_tags;
pub mod coding;
pub(crate) mod content_length;
pub mod date;
pub mod etag;
pub(crate) mod expect;
pub(crate) mod fields;
pub mod list;
pub(crate) mod media_range;
pub mod method;
pub mod no_vary_search;
pub mod not_modified;
pub(crate) mod one_or_many;
pub(crate) mod ordered_set;
pub mod precondition;
pub mod prefer;
pub mod repeated;
pub mod secret;
pub mod self_get;
pub(crate) mod state_ref;
pub(crate) mod superseded;
pub mod tagging;
pub(crate) mod time_fields;
pub mod validators;
pub mod vary;
pub mod version;

#[cfg(test)]
mod proptests;
#[cfg(test)]
mod tests;
