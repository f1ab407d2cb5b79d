//! The settings of the layer, and the decision about a request.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, request::Parts};
use http_body::Body;

use super::hash::PendingDigest;
use crate::{
    body::ResponseBody,
    observe::exchange,
    outcome::Outcome,
    refusal::{Reason, Refusal, Renderer},
    semantics::{
        field::Accept,
        validator::request_digests::{self, RequestDigests},
    },
};

const WANT_CONTENT_DIGEST: HeaderName = HeaderName::from_static("want-content-digest");

/// Both algorithms that the layer verifies. SHA-256 is the cheaper one for most clients.
const WANTED: HeaderValue = HeaderValue::from_static("sha-256=10, sha-512=3");

#[derive(Debug, Clone)]
pub(super) struct DigestConfig {
    pub(super) max_body_bytes: usize,
    pub(super) is_streaming: bool,
    pub(super) is_required: bool,
    pub(super) renderer: Renderer,
}

/// The next step for a request.
pub(super) enum DigestPlan {
    /// Nothing is left to verify.
    Pass,
    /// The content is read, and compared before the service runs.
    ReadAhead(PendingDigest),
    /// The content is compared as the service reads it.
    Stream(PendingDigest),
    Refuse(Reason),
}

impl DigestConfig {
    pub(super) fn plan<B: Body>(&self, request: &Parts, content: &B) -> DigestPlan {
        let (is_over, length) = (content.is_end_stream(), content.size_hint().exact());
        let has_content = !is_over
            && length.map_or_else(|| request_digests::may_have_content(request), |n| n > 0);
        let expected = match RequestDigests::of(request, has_content) {
            RequestDigests::Nothing if self.is_required && has_content => {
                return DigestPlan::Refuse(Reason::DigestRequired);
            }
            RequestDigests::Nothing => return DigestPlan::Pass,
            RequestDigests::Malformed => return DigestPlan::Refuse(Reason::DigestMalformed),
            RequestDigests::Contradictory => return DigestPlan::Refuse(Reason::DigestDiffers),
            RequestDigests::Expected(digests) => digests,
        };
        let pending = PendingDigest::new(expected);
        if is_over {
            return if pending.matches() {
                DigestPlan::Pass
            } else {
                DigestPlan::Refuse(Reason::DigestDiffers)
            };
        }
        // Content of unknown length may be one side of a conversation, which reading ahead would
        // stop.
        let is_short = length.is_some_and(|length| length <= self.max_body_bytes as u64);
        if is_short && !self.is_streaming {
            DigestPlan::ReadAhead(pending)
        } else {
            DigestPlan::Stream(pending)
        }
    }

    /// Returns the refusal of a request whose service does not run.
    pub(super) fn refuse<B: Body<Data = Bytes>>(
        &self,
        reason: Reason,
        request: &Parts,
    ) -> Response<ResponseBody<B>> {
        let accepts_json = Accept::from_headers(&request.headers).accepts_json();
        let refusal = Refusal::new(reason).with_accepts_json(accepts_json);
        let mut response = self.renderer.respond(&refusal).map(ResponseBody::bytes);
        // RFC 9530, section 4: the algorithms that the next attempt may use.
        response.headers_mut().insert(WANT_CONTENT_DIGEST, WANTED);
        let change = |outcome: &mut Outcome| {
            outcome.set_digest_refused();
            outcome.set_answered_early(true);
        };
        exchange::record_decision(change);
        Outcome::record(response.extensions_mut(), change);
        response
    }
}
