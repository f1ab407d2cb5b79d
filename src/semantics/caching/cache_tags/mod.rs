//! Cache tags: names by which responses are invalidated together.
//!
//! A response says which tags it has; a write says which of them it made
//! stale, and a cache forgets all that have one of those. Four fields carry
//! tags, each for other caches: see [`TagField`].
//!
//! ```
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use http::HeaderMap;
//! use tower_conditional::cache_tags::{CacheTags, TagField};
//!
//! let tags = CacheTags::of(["notes", "note-17"])?;
//! let mut headers = HeaderMap::new();
//! TagField::CacheGroups.write(&tags, &mut headers);
//! TagField::SurrogateKey.write(&tags, &mut headers);
//! assert_eq!(headers["cache-groups"], r#""notes", "note-17""#);
//! assert_eq!(headers["surrogate-key"], "notes note-17");
//! # Ok(())
//! # }
//! # run().unwrap();
//! ```

mod field;
mod invalidation;
mod location;
mod set;
mod tag;

pub use field::{TagField, write_invalidation};
pub(crate) use invalidation::{Effect, Written, drop_invalidation, effect, takes_tags, written};
pub(crate) use location::{locations, target};
pub use set::{CacheTags, InvalidCacheTags, TooManyTags};
pub use tag::{CacheTag, InvalidCacheTag};
