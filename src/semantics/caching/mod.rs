//! The fields that tell caches what to do (RFC 9111 and its extensions).
//!
//! Knows directives, policies, cache tags and `Cache-Status`. Uses `field`.

pub(crate) mod cache_control;
pub(crate) mod cache_policy;
pub(crate) mod cache_status;
pub(crate) mod cache_tags;
pub(crate) mod no_vary_search;
mod time_fields;

pub(crate) use time_fields::TimeFields;
