use http::Response;

use crate::{
    body::DrawBoundary,
    clock::SharedClock,
    observe::exchange,
    outcome::{Outcome, ServedPart},
    refusal::Renderer,
    semantics::condition::range::{RangeLimits, RangeSet},
};

#[derive(Debug, Clone)]
pub(super) struct RangeConfig {
    pub(super) limits: RangeLimits,
    pub(super) draw_boundary: DrawBoundary,
    pub(super) partial_put: bool,
    pub(super) content_digest: bool,
    pub(super) explain: bool,
    pub(super) renderer: Renderer,
    pub(super) clock: SharedClock,
}

impl RangeConfig {
    /// Records the bytes of a response for an observer, and in the response if `explain` is set.
    pub(super) fn record<B>(
        &self,
        response: &mut Response<B>,
        ranges: &RangeSet,
        complete_length: u64,
    ) {
        let part = || ServedPart::new(ranges.clone(), complete_length);
        exchange::record_decision(|outcome| outcome.set_part(part()));
        if self.explain {
            Outcome::record(response.extensions_mut(), |outcome| {
                outcome.set_part(part());
            });
        }
    }
}
