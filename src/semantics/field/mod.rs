//! Syntax of headers and methods, independent of their purpose.
//!
//! This module has the rules for lists, dates, methods, lengths and content negotiation. It
//! uses nothing else in this crate.

mod accept;
pub(crate) mod accept_encoding;
pub(crate) mod authority;
pub(crate) mod content_length;
pub mod cors;
mod date;
pub(crate) mod expect;
#[cfg(feature = "json")]
mod json_content;
pub(crate) mod lines;
pub(crate) mod list;
pub(crate) mod media_range;
pub(crate) mod method;
pub(crate) mod names;
mod one_or_many;
mod ordered_set;
pub(crate) mod prefer;
mod standard;
pub mod vary;

#[cfg(test)]
mod tests;

pub(crate) use accept::Accept;
pub use date::HttpDate;
#[cfg(feature = "json")]
pub(crate) use json_content::is_json_content;
pub use method::SafeMethods;
pub(crate) use one_or_many::OneOrMany;
pub(crate) use ordered_set::OrderedSet;
pub(crate) use standard::is_standard;
