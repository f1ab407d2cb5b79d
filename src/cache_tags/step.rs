//! What becomes of a response.

use std::sync::Arc;

use http::{Response, request::Parts};

#[cfg(feature = "tokio")]
use super::pending::Pending;
use super::{Wait, rules::Rules};
use crate::{
    events,
    semantics::caching::cache_tags::{
        CacheTags, TagField, WriteOutcome, allows_tags, remove_invalidation, write_invalidation,
        write_outcome,
    },
};

#[derive(Debug, Default)]
pub(super) enum Step {
    #[default]
    Pass,
    Read {
        rules: Arc<Rules>,
        tags: CacheTags,
    },
    Write {
        rules: Arc<Rules>,
        tags: CacheTags,
        #[cfg(feature = "tokio")]
        // Boxed: most layers have no queue, and reads none of it.
        pending: Option<Box<Pending>>,
    },
}

impl Step {
    #[inline]
    #[cfg_attr(not(feature = "tokio"), expect(unused_variables))]
    pub(super) fn write(rules: Arc<Rules>, tags: CacheTags, request: &Parts) -> Self {
        Self::Write {
            #[cfg(feature = "tokio")]
            pending: rules
                .queue
                .as_ref()
                .map(|queue| Box::new(Pending::new(queue, &tags, request))),
            rules,
            tags,
        }
    }

    /// Called once, when the response is there.
    pub(super) fn finish<B>(&mut self, response: &mut Response<B>) -> Option<Wait> {
        match self {
            Self::Pass => None,
            Self::Read { rules, tags } => {
                rules.name(tags, response);
                None
            }
            Self::Write {
                rules,
                tags,
                #[cfg(feature = "tokio")]
                pending,
            } => {
                let said = said(response);
                let written = write_outcome(response.status());
                let any = !(tags.is_empty() && said.is_empty());
                if any
                    && written == WriteOutcome::Performed
                    && rules.fields.contains(&TagField::CacheGroups)
                {
                    check_room(TagField::CacheGroups, tags, &said);
                    write_invalidation(tags.iter().chain(&said), response.headers_mut());
                }
                #[cfg(feature = "tokio")]
                if let Some(pending) = pending.take() {
                    return pending.settle(written, &said, response.headers(), rules.wait);
                }
                None
            }
        }
    }
}

impl Rules {
    fn name<B>(&self, tags: &CacheTags, response: &mut Response<B>) {
        let said = said(response);
        let takes_tags = allows_tags(response.status());
        let headers = response.headers_mut();
        remove_invalidation(headers);
        // Without new tags the fields stay as they are, and need not be read.
        if takes_tags && !(tags.is_empty() && said.is_empty()) {
            for field in self.fields.iter() {
                check_room(*field, tags, &said);
                field.write(tags.iter().chain(&said), headers);
            }
        }
    }
}

/// A cache may drop tags beyond the limits of their field, and then keeps what was to be
/// forgotten. To write none would be worse.
fn check_room(field: TagField, tags: &CacheTags, said: &CacheTags) {
    // So few have room everywhere, and need not be counted.
    let few = tags.len() + said.len() <= 32 && tags.bytes() + said.bytes() <= CacheTags::MAX_BYTES;
    if !few && !field.has_room(tags.iter().chain(said)) {
        events::too_many_cache_tags(&field.name(), tags.len() + said.len());
    }
}

/// The tags that the handler says.
fn said<B>(response: &Response<B>) -> CacheTags {
    response.extensions().get().cloned().unwrap_or_default()
}
