//! The hash of a body as it passes, and its comparison with earlier ones.

use std::sync::Arc;

use bytes::BytesMut;
use http::Response;
use http_body::Body;
use sha2::{Digest, Sha256, Sha512};

#[cfg(feature = "json")]
use super::json_form::JsonRecorder;
use super::{
    Audit,
    history::TargetKey,
    rules::{ContentHashes, FIRST_BYTES, ObservedContent, ObservedDigests, PartialContent},
    target_key::first_half,
};
use crate::semantics::field::content_length;

/// The response that a body belongs to.
#[derive(Debug)]
pub(super) enum RecordedBody {
    /// A 200, by its number.
    Full(u64),
    /// A 206.
    Partial(PartialContent),
    /// Another response, which has a digest.
    Other,
}

/// The head of a response whose body is recorded.
#[derive(Debug)]
pub(super) struct RecordedHead {
    pub(super) audit: Audit,
    pub(super) target: Arc<str>,
    pub(super) key: TargetKey,
    pub(super) body: RecordedBody,
    pub(super) epoch: Option<u64>,
    pub(super) digests: Option<ObservedDigests>,
}

/// The hash and the first bytes of a body, taken as it passes.
#[derive(Debug)]
pub(super) struct BodyRecorder {
    head: RecordedHead,
    hash: Sha256,
    /// The hash for digests that need it.
    sha512: Option<Box<Sha512>>,
    /// The `Content-Length` that the client received.
    content_length: Option<u64>,
    length: u64,
    first: BytesMut,
    #[cfg(feature = "json")]
    json: JsonRecorder,
}

impl BodyRecorder {
    pub(super) fn new<B: Body>(head: RecordedHead, response: &Response<B>) -> Self {
        let digests = head.digests.as_ref();
        Self {
            hash: Sha256::new(),
            sha512: digests
                .is_some_and(ObservedDigests::need_sha512)
                .then(Box::default),
            content_length: content_length::of_get(
                response.status(),
                response.headers(),
                response.body().size_hint().exact(),
                false,
            ),
            length: 0,
            first: BytesMut::new(),
            #[cfg(feature = "json")]
            json: JsonRecorder::new(response.headers()),
            head,
        }
    }

    pub(super) fn record(&mut self, data: &[u8]) {
        self.hash.update(data);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(data);
        }
        self.length = self.length.saturating_add(data.len() as u64);
        let room = FIRST_BYTES - self.first.len();
        self.first.extend_from_slice(&data[..data.len().min(room)]);
        #[cfg(feature = "json")]
        self.json.record(data);
    }

    /// Compares the content of a body that ended without an error.
    ///
    /// Content of another length than `Content-Length` is ignored: the server closes the
    /// connection or truncates the content.
    pub(super) fn finish(self) {
        if self
            .content_length
            .is_some_and(|length| length != self.length)
        {
            return;
        }
        let head = self.head;
        let mut findings = Vec::new();
        let hashes = ContentHashes {
            sha256: self.hash.finalize().into(),
            sha512: self.sha512.map(|sha512| sha512.finalize().into()),
        };
        let (digest, first) = (first_half(&hashes.sha256), self.first.freeze());
        #[cfg(feature = "json")]
        let form = self.json.finish();
        let mut state = head.audit.lock();
        let history = &mut state.history;
        if let Some(digests) = head.digests {
            let target = history.peek(head.key);
            let is_whole = |half: &[u8]| target.is_some_and(|target| target.has_content(half));
            digests.check(&hashes, is_whole, &mut findings);
        }
        match head.body {
            RecordedBody::Full(number) => {
                let content = ObservedContent {
                    digest,
                    length: self.length,
                    epoch: history.epoch_if_unchanged(head.epoch),
                    #[cfg(feature = "json")]
                    form,
                };
                if let Some(target) = history.get(head.key) {
                    target.finish_response(number, (content, first), &mut findings);
                }
            }
            RecordedBody::Partial(part) => {
                if let Some(part) = part.with_content(digest, self.length, first) {
                    history.target(head.key).finish_part(part, &mut findings);
                }
            }
            RecordedBody::Other => {}
        }
        drop(state);
        head.audit.add_findings(&head.target, findings);
    }
}
