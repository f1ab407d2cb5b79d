//! A hash that waits for content.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;

#[cfg(feature = "json")]
use super::canonical_hash::CanonicalHash;
use super::{ContentHasher, body_hash::BodyHash, tag::EtagConfig};
use crate::body::{ReadEnd, ResponseBody};

/// The work on the content of one response.
pub(super) enum HashWork<B: Body, H> {
    Bytes(BodyHash<B, H>),
    #[cfg(feature = "json")]
    Json(CanonicalHash<B, H>),
}

impl<B, H> HashWork<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, config: &EtagConfig<H>) -> Poll<ReadEnd> {
        match self {
            Self::Bytes(hash) => hash.poll(cx, config),
            #[cfg(feature = "json")]
            Self::Json(hash) => hash.poll(cx, config),
        }
    }

    pub(super) fn finish(
        self,
        ending: ReadEnd,
        config: &EtagConfig<H>,
    ) -> Response<ResponseBody<B>> {
        match self {
            Self::Bytes(hash) => hash.finish(ending, config),
            #[cfg(feature = "json")]
            Self::Json(hash) => hash.finish(ending, config),
        }
    }
}

/// A hash that waits for more content, and its configuration.
pub(super) struct PendingHash<B: Body, H> {
    work: Option<HashWork<B, H>>,
    config: Arc<EtagConfig<H>>,
}

impl<B, H> PendingHash<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    pub(super) fn new(work: HashWork<B, H>, config: Arc<EtagConfig<H>>) -> Self {
        Self {
            work: Some(work),
            config,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Response<ResponseBody<B>>> {
        let work = self.work.as_mut().expect("polled after completion");
        let ending = ready!(work.poll(cx, &self.config));
        let work = self.work.take().expect("checked above");
        Poll::Ready(work.finish(ending, &self.config))
    }
}
