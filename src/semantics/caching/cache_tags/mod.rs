//! Cache tags: names that group stored responses, so they can be invalidated together.

mod field;
mod invalidation;
mod location;
mod set;
mod tag;
#[cfg(test)]
mod tests;

pub use field::{TagField, write_invalidation};
pub(crate) use invalidation::{
    MethodEffect, WriteOutcome, allows_tags, effect, remove_invalidation, write_outcome,
};
pub(crate) use location::{locations, target};
pub use set::CacheTags;
pub use tag::{CacheTag, InvalidCacheTag};
