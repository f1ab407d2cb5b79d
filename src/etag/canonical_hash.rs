//! Tags from the canonical form of JSON (RFC 8785).

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Response, header::ETAG, response::Parts};
use http_body::Body;

use super::{
    ContentHasher,
    body_hash::note_untagged,
    canonical_config::CanonicalConfig,
    repr_digest::{ReprDigest, write_digest},
    tag::EtagConfig,
};
use crate::{
    body::{
        CanonicalForm, CanonicalJob, Collector, MAX_IN_PLACE, ReadEnd, ReadStep, ResponseBody,
        canonical_form,
    },
    outcome::TagOrigin,
    semantics::{canonical_json::NotCanonical, field::is_json_content},
};

impl<H: ContentHasher> EtagConfig<H> {
    /// Returns the settings for this content, if it is JSON whose canonical form is hashed.
    #[inline]
    pub(super) fn canonical_for(&self, headers: &HeaderMap) -> Option<&CanonicalConfig> {
        let canonical = self.canonical.as_ref()?;
        is_json_content(headers).then_some(canonical)
    }

    /// Tags JSON of at most [`max_at_once`] bytes, which was read in one frame.
    pub(super) fn tag_json(
        &self,
        canonical: &CanonicalConfig,
        parts: &mut Parts,
        content: &Bytes,
        digest: Option<ReprDigest<H>>,
    ) {
        let form = canonical_form(content, canonical.ignored.as_deref());
        let mut hash = JsonHash::new(self, form, content, digest);
        hash.update(usize::MAX);
        hash.finish(self, parts, content.len() as u64);
    }
}

/// Returns the largest content that is made canonical and hashed without a pause, in bytes.
pub(super) fn max_at_once<H: ContentHasher>() -> usize {
    MAX_IN_PLACE.min(H::YIELD_AFTER)
}

/// A response whose JSON content is being read, made canonical and hashed.
pub(super) struct CanonicalHash<B: Body, H> {
    parts: Parts,
    collector: Collector<B>,
    step: JsonStep<H>,
    /// The digest, until the form is hashed.
    digest: Option<ReprDigest<H>>,
}

enum JsonStep<H> {
    Read,
    Form(CanonicalJob),
    Hash(JsonHash<H>),
}

impl<B, H> CanonicalHash<B, H>
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
            step: JsonStep::Read,
            digest,
        }
    }

    /// Reads the content, makes its form and hashes that. Resolves at its end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, config: &EtagConfig<H>) -> Poll<ReadEnd> {
        loop {
            match &mut self.step {
                JsonStep::Read => match ready!(self.collector.poll_step(cx)) {
                    ReadStep::Data => {}
                    ReadStep::Ended(ReadEnd::Complete) => {
                        let canonical = config.canonical.as_ref();
                        let ignored = canonical.and_then(|canonical| canonical.ignored.clone());
                        let job = CanonicalJob::new(self.collector.join(), ignored);
                        self.step = JsonStep::Form(job);
                    }
                    ReadStep::Ended(ending) => return Poll::Ready(ending),
                },
                JsonStep::Form(job) => {
                    let form = ready!(Pin::new(&mut *job).poll(cx));
                    let hash = JsonHash::new(config, form, job.content(), self.digest.take());
                    self.step = JsonStep::Hash(hash);
                }
                JsonStep::Hash(hash) => {
                    if hash.update(H::YIELD_AFTER) {
                        return Poll::Ready(ReadEnd::Complete);
                    }
                    // Other tasks run before the rest is hashed.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
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
            step,
            ..
        } = self;
        if let JsonStep::Hash(hash) = step {
            hash.finish(config, &mut parts, collector.length());
        } else if let Some(reason) = note_untagged(&mut parts, ending) {
            config.record(&mut parts.extensions, TagOrigin::Untouched(reason));
        }
        Response::from_parts(parts, collector.into_body())
    }
}

/// The hash of a canonical form, or of content that has none.
struct JsonHash<H> {
    hasher: H,
    /// The bytes that are not hashed yet.
    rest: Bytes,
    digest: Option<ReprDigest<H>>,
    /// The bytes that the digest lacks.
    undigested: Bytes,
    /// The pointers that matched nothing, or the reason why there is no form.
    form: Result<Vec<Box<str>>, NotCanonical>,
}

impl<H: ContentHasher> JsonHash<H> {
    fn new(
        config: &EtagConfig<H>,
        form: Result<CanonicalForm, NotCanonical>,
        content: &Bytes,
        digest: Option<ReprDigest<H>>,
    ) -> Self {
        let has_own_hash = digest.as_ref().is_some_and(ReprDigest::has_own_hash);
        let undigested = if has_own_hash {
            content.clone()
        } else {
            Bytes::new()
        };
        let (rest, form) = match form {
            Ok(canonical) => (Bytes::from(canonical.form), Ok(canonical.unmatched)),
            Err(reason) => (content.clone(), Err(reason)),
        };
        Self {
            hasher: config.hasher.clone(),
            rest,
            digest,
            undigested,
            form,
        }
    }

    /// Hashes up to `max` bytes. Returns `true` at the end.
    fn update(&mut self, max: usize) -> bool {
        let portion = self.rest.split_to(max.min(self.rest.len()));
        self.hasher.update(&portion);
        let share = ReprDigest::<H>::share_of(max - portion.len());
        let portion = self.undigested.split_to(share.min(self.undigested.len()));
        if let Some(digest) = &mut self.digest {
            digest.update(&portion);
        }
        self.rest.is_empty() && self.undigested.is_empty()
    }

    /// Tags the response, whose content has `bytes` bytes.
    fn finish(self, config: &EtagConfig<H>, parts: &mut Parts, bytes: u64) {
        let is_canonical = self.form.is_ok();
        let digest = self.digest.map(|digest| digest.finish(&self.hasher));
        let tag = config.tag_of_json(&parts.headers, self.hasher, is_canonical);
        parts.headers.insert(ETAG, tag.into());
        if let Some(digest) = digest {
            write_digest(&mut parts.headers, digest);
        }
        let origin = match self.form {
            Ok(unmatched) => {
                if let Some(canonical) = &config.canonical {
                    canonical.report(unmatched, &mut parts.extensions);
                }
                TagOrigin::CanonicalJson(bytes)
            }
            Err(reason) => TagOrigin::NotCanonical { bytes, reason },
        };
        config.record(&mut parts.extensions, origin);
    }
}
