//! The canonical form of JSON content as it passes, and the members that it leaves out.

use bytes::BytesMut;
use http::{HeaderMap, Response};
use sha2::{Digest, Sha256};

use super::{
    rules::{Code, RuleFinding},
    target_key::first_half,
};
use crate::{
    outcome::Outcome,
    semantics::{
        canonical_json::{CanonicalLimits, canonicalize},
        field::is_json_content,
    },
};

/// Longer content is not compared by its canonical form.
const MAX_BYTES: usize = 1024 * 1024;

/// The JSON content of a response, kept until its end.
#[derive(Debug)]
pub(super) struct JsonRecorder {
    /// `None` if there is no JSON, or too much of it.
    content: Option<BytesMut>,
}

impl JsonRecorder {
    pub(super) fn new(response: &HeaderMap) -> Self {
        Self {
            content: is_json_content(response).then(BytesMut::new),
        }
    }

    pub(super) fn record(&mut self, data: &[u8]) {
        let kept = self.content.take();
        self.content = kept
            .filter(|content| content.len().saturating_add(data.len()) <= MAX_BYTES)
            .map(|mut content| {
                content.extend_from_slice(data);
                content
            });
    }

    /// Returns the hash of the canonical form, if the content has one.
    pub(super) fn finish(self) -> Option<[u8; 16]> {
        let form = canonicalize(&self.content?, &CanonicalLimits::new(MAX_BYTES)).ok()?;
        Some(first_half(&Sha256::digest(form).into()))
    }
}

/// Returns the finding of pointers that matched nothing, which their layer reports once.
pub(super) fn unmatched_pointers<B>(response: &Response<B>) -> Option<RuleFinding> {
    let outcome = Outcome::of(response)?;
    let pointers = outcome.unmatched_pointers();
    (!pointers.is_empty())
        .then(|| Code::UnmatchedPointer.finding(format!("nothing at {}", pointers.join(", "))))
}
