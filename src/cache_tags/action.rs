//! The changes to a response, as decided by its request.

use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::time::Duration;

use http::{Response, request::Parts};

#[cfg(feature = "tokio")]
use super::pending_purge::HeldPurge;
use super::{PurgeWait, config::CacheTagsConfig};
#[cfg(feature = "tokio")]
use crate::detached::{ResponseHead, watched};
use crate::{
    events,
    semantics::caching::cache_tags::{
        CacheTags, TagField, WriteOutcome, allows_tags, remove_invalidation, write_invalidation,
        write_outcome,
    },
};

#[derive(Debug, Default)]
pub(super) enum TagAction {
    #[default]
    Pass,
    Read {
        config: Arc<CacheTagsConfig>,
        tags: CacheTags,
    },
    Write {
        config: Arc<CacheTagsConfig>,
        tags: CacheTags,
        #[cfg(feature = "tokio")]
        pending: HeldPurge,
    },
}

impl TagAction {
    #[inline]
    #[cfg_attr(not(feature = "tokio"), expect(unused_variables))]
    pub(super) fn write(config: Arc<CacheTagsConfig>, tags: CacheTags, request: &Parts) -> Self {
        Self::Write {
            #[cfg(feature = "tokio")]
            pending: HeldPurge::new(config.queue.as_ref(), &tags, request),
            config,
            tags,
        }
    }

    /// Runs a part of the service. Work in it that goes on without the client holds the purge.
    #[cfg_attr(not(feature = "tokio"), expect(clippy::unused_self))]
    pub(super) fn watch<T>(&self, run: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tokio")]
        if let Self::Write { pending, .. } = self
            && let Some(watch) = pending.watch()
        {
            return watched(watch, run);
        }
        run()
    }

    /// Queues the purge of a write whose service failed, since it may have happened.
    #[cfg(feature = "tokio")]
    pub(super) fn fail(&mut self) {
        if let Self::Write { pending, .. } = self {
            let _ = pending.finish(None, Duration::ZERO);
        }
    }

    /// Changes the response, and queues the purge of a write. It is called once.
    pub(super) fn finish<B>(&mut self, response: &mut Response<B>) -> Option<PurgeWait> {
        match self {
            Self::Pass => None,
            Self::Read { config, tags } => {
                config.write_tags(tags, response);
                None
            }
            Self::Write {
                config,
                tags,
                #[cfg(feature = "tokio")]
                pending,
            } => {
                let handler_tags = handler_tags(response);
                let any = !(tags.is_empty() && handler_tags.is_empty());
                if any
                    && write_outcome(response.status()) == WriteOutcome::Performed
                    && config.fields.contains(&TagField::CacheGroups)
                {
                    report_too_many_tags(TagField::CacheGroups, tags, &handler_tags);
                    write_invalidation(tags.iter().chain(&handler_tags), response.headers_mut());
                }
                #[cfg(feature = "tokio")]
                return pending.finish(Some(ResponseHead::of(response)), config.purge_timeout);
                #[cfg(not(feature = "tokio"))]
                None
            }
        }
    }
}

impl CacheTagsConfig {
    fn write_tags<B>(&self, tags: &CacheTags, response: &mut Response<B>) {
        let handler_tags = handler_tags(response);
        let allows_tags = allows_tags(response.status());
        let headers = response.headers_mut();
        remove_invalidation(headers);
        // Without new tags the headers stay unchanged, and need not be parsed.
        if allows_tags && !(tags.is_empty() && handler_tags.is_empty()) {
            for field in self.fields.iter() {
                report_too_many_tags(*field, tags, &handler_tags);
                field.write(tags.iter().chain(&handler_tags), headers);
            }
        }
    }
}

/// Emits an event if there are more tags than their header may have.
///
/// A cache may ignore tags beyond the limit, and then keeps responses that are to be purged.
/// Writing no tags at all would be worse.
fn report_too_many_tags(field: TagField, tags: &CacheTags, handler_tags: &CacheTags) {
    // This number of tags fits into every header, so the exact check is skipped.
    let few = tags.len() + handler_tags.len() <= 32
        && tags.bytes() + handler_tags.bytes() <= CacheTags::MAX_BYTES;
    if !few && !field.has_room(tags.iter().chain(handler_tags)) {
        events::too_many_cache_tags(&field.name(), tags.len() + handler_tags.len());
    }
}

/// Returns the tags that the handler put into the extensions.
fn handler_tags<B>(response: &Response<B>) -> CacheTags {
    response.extensions().get().cloned().unwrap_or_default()
}
