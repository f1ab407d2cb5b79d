//! Parts of services that several layers share.

pub(crate) mod accessors;
mod held;
mod pass_or_box;
#[cfg(feature = "tokio")]
mod with_context;

pub(crate) use held::HeldService;
#[cfg(feature = "tokio")]
pub(crate) use pass_or_box::BoxedResponse;
pub(crate) use pass_or_box::PassOrBox;
#[cfg(feature = "tokio")]
pub(crate) use with_context::with_context;
