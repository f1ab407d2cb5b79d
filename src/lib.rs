//! Layers that make an HTTP service right and fast about entity tags and
//! conditional requests.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod body;
pub mod clock;
pub mod conditional;
pub mod etag;
mod macros;
pub mod outcome;
pub mod refusal;
pub mod semantics;
mod stack;
#[cfg(test)]
mod test_support;

pub use conditional::ConditionalLayer;
pub use etag::EtagLayer;
pub use outcome::Outcome;
pub use stack::{Stack, stack};
