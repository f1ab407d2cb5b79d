//! Plumbing that several layers share.

pub(crate) mod accessors;
mod ready;

pub(crate) use ready::Ready;
