//! Reads and hashes the content of one response.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Response, response::Parts};
use http_body::Body;

use super::{ContentHasher, future::label, tag::Recipe};
use crate::{
    body::{Collector, Ending, ResponseBody, Step},
    outcome::TagOrigin,
    semantics::tagging::{Untagged, length_mismatch},
};

/// A response whose content is being hashed.
pub(super) struct Hashing<B: Body, H> {
    parts: Parts,
    collector: Collector<B>,
    recipe: Arc<Recipe<H>>,
    hasher: H,
    /// Bytes of the collector's last frame that the hasher has not seen.
    unhashed: usize,
    ending: Option<Ending>,
}

impl<B, H> Hashing<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    pub(super) fn new(parts: Parts, body: B, recipe: Arc<Recipe<H>>) -> Self {
        Self {
            collector: Collector::new(body, recipe.limit),
            hasher: recipe.start(&parts.headers),
            parts,
            recipe,
            unhashed: 0,
            ending: None,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut budget = H::YIELD_AFTER;
        loop {
            self.hash(&mut budget);
            if self.unhashed > 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match ready!(self.collector.poll_step(cx)) {
                Step::Data => self.unhashed = self.collector.last().len(),
                Step::Ended(ending) => {
                    self.ending = Some(ending);
                    return Poll::Ready(());
                }
            }
        }
    }

    fn hash(&mut self, budget: &mut usize) {
        if self.unhashed == 0 {
            return;
        }
        let now = self.unhashed.min(*budget);
        let frame = self.collector.last();
        let from = frame.len() - self.unhashed;
        self.hasher.update(&frame[from..from + now]);
        self.unhashed -= now;
        *budget -= now;
    }

    /// The response with its tag, or without one if the content could not be
    /// read to its end. The body is whole in either case.
    pub(super) fn into_response(self) -> Response<ResponseBody<B>> {
        let mut parts = self.parts;
        let length = self.collector.length();
        let (tag, origin) = match self.ending {
            Some(Ending::Complete) if length_mismatch(&parts.headers, length) => {
                (None, TagOrigin::Untouched(Untagged::LengthMismatch))
            }
            Some(Ending::Complete) => (
                Some(self.recipe.finish(self.hasher)),
                TagOrigin::Hashed(length),
            ),
            Some(Ending::TooLong) => (None, TagOrigin::Untouched(Untagged::TooLong)),
            Some(Ending::Broken) | None => (None, TagOrigin::Untouched(Untagged::BodyError)),
        };
        label(&mut parts, tag, origin, self.recipe.explain);
        Response::from_parts(parts, self.collector.into_body())
    }
}
