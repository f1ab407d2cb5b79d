//! Cache tags: names by which responses are invalidated together.

mod field;
mod invalidation;
mod location;
mod set;
mod tag;

pub use field::{TagField, write_invalidation};
pub(crate) use invalidation::{Effect, Written, drop_invalidation, effect, takes_tags, written};
pub(crate) use location::{locations, target};
pub use set::CacheTags;
pub use tag::{CacheTag, InvalidCacheTag};
