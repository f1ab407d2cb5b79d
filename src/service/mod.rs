//! Parts of services that several layers share.

pub(crate) mod accessors;
mod held;

pub(crate) use held::HeldService;
