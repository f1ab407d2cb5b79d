//! Parts of services that several layers share.

pub(crate) mod accessors;
mod held;
mod pass_or_box;

pub(crate) use held::HeldService;
#[cfg(feature = "tokio")]
pub(crate) use pass_or_box::BoxedResponse;
pub(crate) use pass_or_box::PassOrBox;
