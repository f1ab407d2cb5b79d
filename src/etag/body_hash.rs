//! The hash of the content of one response.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, response::Parts};
use http_body::Body;

use super::{ContentHasher, repr_digest::ReprDigest, tag::EtagConfig};
use crate::{
    body::{BrokenContent, Collector, ReadEnd, ReadStep, ResponseBody},
    outcome::TagOrigin,
    semantics::validator::UntaggedReason,
};

/// A response whose content is being read and hashed.
pub(super) struct BodyHash<B: Body, H> {
    parts: Parts,
    collector: Collector<B>,
    /// `None` until there is content.
    hasher: Option<H>,
    digest: Option<ReprDigest<H>>,
    /// The number of bytes of the collector's last frame that are not hashed yet.
    unhashed: usize,
}

impl<B, H> BodyHash<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    pub(super) fn new(
        parts: Parts,
        collector: Collector<B>,
        digest: Option<ReprDigest<H>>,
    ) -> Self {
        Self {
            parts,
            collector,
            hasher: None,
            digest,
            unhashed: 0,
        }
    }

    /// Reads and hashes the content. Resolves at its end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, config: &EtagConfig<H>) -> Poll<ReadEnd> {
        let mut budget = ReprDigest::yield_after(self.digest.as_ref());
        loop {
            if self.unhashed > 0 {
                self.hash(&mut budget, config);
            }
            // The budget is used up: other tasks run before the rest of this frame is hashed.
            if self.unhashed > 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match ready!(self.collector.poll_step(cx)) {
                ReadStep::Data => self.unhashed = self.collector.last().len(),
                ReadStep::Ended(ending) => return Poll::Ready(ending),
            }
        }
    }

    fn hash(&mut self, budget: &mut usize, config: &EtagConfig<H>) {
        let hasher = self.hasher.get_or_insert_with(|| config.hasher.clone());
        let length = self.unhashed.min(*budget);
        let frame = self.collector.last();
        let from = frame.len() - self.unhashed;
        let content = &frame[from..from + length];
        hasher.update(content);
        if let Some(digest) = &mut self.digest {
            digest.update(content);
        }
        self.unhashed -= length;
        *budget -= length;
    }

    /// Returns the response with its tag, or without one if the content could not be read to
    /// its end. The body is whole in either case.
    pub(super) fn finish(
        self,
        ending: ReadEnd,
        config: &EtagConfig<H>,
    ) -> Response<ResponseBody<B>> {
        let Self {
            mut parts,
            collector,
            hasher,
            digest,
            ..
        } = self;
        let origin = if let Some(reason) = note_untagged(&mut parts, ending) {
            TagOrigin::Untouched(reason)
        } else {
            let hasher = hasher.unwrap_or_else(|| config.hasher.clone());
            config.label_hashed(&mut parts.headers, hasher, digest);
            TagOrigin::Hashed(collector.length())
        };
        config.record(&mut parts.extensions, origin);
        Response::from_parts(parts, collector.into_body())
    }
}

/// Returns the reason why content that ended so has no tag. Marks broken content for other layers.
pub(super) fn note_untagged(parts: &mut Parts, ending: ReadEnd) -> Option<UntaggedReason> {
    let reason = match ending {
        ReadEnd::Complete => return None,
        ReadEnd::LengthMismatch => UntaggedReason::LengthMismatch,
        ReadEnd::TooManyFrames => UntaggedReason::TooManyFrames,
        ReadEnd::Broken => UntaggedReason::BodyError,
    };
    if reason != UntaggedReason::TooManyFrames {
        parts.extensions.insert(BrokenContent);
    }
    Some(reason)
}
