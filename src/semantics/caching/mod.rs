//! Headers for caches (RFC 9111 and its extensions).
//!
//! This module has the rules for directives, policies, cache tags and `Cache-Status`. It uses
//! `field`.

pub(crate) mod cache_control;
pub(crate) mod cache_policy;
pub(crate) mod cache_status;
pub(crate) mod cache_tags;
pub(crate) mod no_vary_search;
mod time_fields;

pub(crate) use time_fields::TimeFields;
