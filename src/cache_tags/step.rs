//! What becomes of a response.

use std::{future::Future, pin::Pin, sync::Arc};

use http::{Response, request::Parts};

use super::layer::Rules;
#[cfg(feature = "tokio")]
use super::pending::Pending;
use crate::semantics::cache_tags::{
    CacheTags, TagField, Written, drop_invalidation, takes_tags, write_invalidation, written,
};

/// What a response waits for before it leaves.
pub(super) type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

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
        pending: Option<Pending>,
    },
}

impl Step {
    #[cfg_attr(not(feature = "tokio"), expect(unused_variables))]
    pub(super) fn write(rules: Arc<Rules>, tags: CacheTags, request: &Parts) -> Self {
        Self::Write {
            #[cfg(feature = "tokio")]
            pending: Pending::new(&rules, &tags, request),
            rules,
            tags,
        }
    }

    pub(super) fn take<B>(self, response: &mut Response<B>) -> Option<Wait> {
        match self {
            Self::Pass => None,
            Self::Read { rules, tags } => {
                rules.name(&tags, response);
                None
            }
            Self::Write {
                rules,
                tags,
                #[cfg(feature = "tokio")]
                pending,
            } => {
                let said = said(response);
                let written = written(response.status());
                if written == Written::Yes && rules.fields.contains(&TagField::CacheGroups) {
                    write_invalidation(tags.iter().chain(&said), response.headers_mut());
                }
                #[cfg(feature = "tokio")]
                if let Some(pending) = pending {
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
        let takes_tags = takes_tags(response.status());
        let headers = response.headers_mut();
        drop_invalidation(headers);
        if takes_tags {
            for field in self.fields.iter() {
                field.write(tags.iter().chain(&said), headers);
            }
        }
    }
}

/// The tags that the handler says.
fn said<B>(response: &Response<B>) -> CacheTags {
    response.extensions().get().cloned().unwrap_or_default()
}
