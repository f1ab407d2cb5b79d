//! The same resource and sources over drivers without a store crate.

pub mod resource;
pub mod source;
