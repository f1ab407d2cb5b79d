//! Drivers that have no store of their own, each with its database.

pub mod resource;
pub mod source;
