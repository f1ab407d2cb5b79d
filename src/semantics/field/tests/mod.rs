//! Tests of the header syntax, one file for each module.

mod accept;
mod accept_encoding;
mod content_length;
mod cors;
#[cfg(feature = "json")]
mod json_content;
mod list;
mod method;
mod ordered_set;
mod prefer;
mod vary;
mod vary_model;
