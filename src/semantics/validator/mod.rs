//! Validators: entity tags and dates, where they come from and how they are compared
//! (RFC 9110, section 8.8).
//!
//! Uses `field` and `caching`.

pub mod coding;
mod etag;
pub(crate) mod key;
mod repeated;
mod tag_list;
pub(crate) mod taggable;
pub(crate) mod validators;
pub(crate) mod version;

pub use etag::{EntityTag, InvalidEntityTag, TagRef};
pub use key::WeakSecret;
pub use repeated::RepeatedFields;
pub use tag_list::{TagMember, entity_tags};
pub use taggable::Untagged;
pub(crate) use validators::Label;
pub use validators::Validators;
pub(crate) use validators::ValidatorsRef;
pub use version::VersionTags;
