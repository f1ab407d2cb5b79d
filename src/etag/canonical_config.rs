//! The settings of tags from the canonical form of JSON.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::Extensions;

use super::context::no_line;
use crate::{
    outcome::Outcome,
    semantics::canonical_json::{IgnoredMembers, InvalidPointer},
};

/// The settings of tags from canonical JSON.
#[derive(Debug, Clone)]
pub(super) struct CanonicalConfig {
    pub(super) ignored: Option<Arc<IgnoredMembers>>,
    /// The pointers as a part of the hash's input: content of which other members count has other
    /// tags.
    ignored_part: Vec<u8>,
    /// `true` once the pointers that matched nothing were reported.
    is_reported: Arc<AtomicBool>,
}

impl CanonicalConfig {
    /// Returns the settings of forms with all members.
    pub(super) fn complete() -> Self {
        Self {
            ignored: None,
            ignored_part: no_line(&[]),
            is_reported: Arc::default(),
        }
    }

    /// Returns the settings of forms without the members that `pointers` name.
    pub(super) fn without<P: AsRef<str>>(
        pointers: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidPointer> {
        let mut pointers: Vec<P> = pointers.into_iter().collect();
        let ignored = IgnoredMembers::parse(&pointers)?;
        // Their order has no meaning.
        pointers.sort_by(|one, other| one.as_ref().cmp(other.as_ref()));
        let parts = pointers.iter().map(|one| no_line(one.as_ref().as_bytes()));
        Ok(Self {
            ignored: Some(Arc::new(ignored)),
            ignored_part: no_line(&parts.collect::<Vec<_>>().concat()),
            is_reported: Arc::default(),
        })
    }

    pub(super) fn ignored_part(&self) -> &[u8] {
        &self.ignored_part
    }

    /// Records pointers that matched nothing, in the first response with such pointers.
    pub(super) fn report(&self, unmatched: Vec<Box<str>>, extensions: &mut Extensions) {
        if !unmatched.is_empty() && !self.is_reported.swap(true, Ordering::Relaxed) {
            Outcome::record(extensions, |outcome| {
                outcome.set_unmatched_pointers(unmatched);
            });
        }
    }
}
