use std::time::Duration;

use tower_conditional::{
    CachePolicyLayer, EntityTag, ValidatorSource, Validators,
    cache_policy::{CacheControl, CachePolicy},
    source,
};

use crate::CURRENT_TAG;

/// Returns a source that is ready.
pub fn source() -> impl ValidatorSource + Clone {
    let tag: EntityTag = CURRENT_TAG.parse().expect("a tag");
    source::now(move |_| Validators::new().with_etag(tag.clone()))
}

/// Returns the policy `max-age=60`.
///
/// # Panics
///
/// Never: the directives do not contradict each other.
pub fn policy() -> CachePolicyLayer {
    let minute = CacheControl::new().with_max_age(Duration::from_secs(60));
    CachePolicyLayer::new(CachePolicy::new(minute).expect("no contradiction"))
}
