//! Validators: how entity tags and modification dates are made and compared (RFC 9110,
//! section 8.8).
//!
//! Uses `field` and `caching`.

pub mod coding;
pub(crate) mod digest_fields;
#[cfg(feature = "tokio")]
mod encoded;
mod etag;
pub(crate) mod key;
mod label;
mod opaque;
mod repeated;
pub(crate) mod request_digests;
mod tag_list;
pub(crate) mod taggable;
#[cfg(test)]
mod tests;
pub(crate) mod validators;
pub(crate) mod version;

pub use etag::{EntityTag, InvalidEntityTag, TagRef};
pub use key::WeakSecret;
pub(crate) use label::Label;
pub use repeated::RepeatedFields;
pub use tag_list::{TagMember, entity_tags};
pub use taggable::UntaggedReason;
pub use validators::Validators;
pub(crate) use validators::ValidatorsRef;
pub use version::VersionTags;
