use std::sync::Arc;

use http::{Method, Response};

use crate::{
    clock::SharedClock,
    observe::exchange,
    outcome::Outcome,
    refusal::Renderer,
    semantics::{condition::Current, field::SafeMethods},
    source::OnSourceError,
};

/// A source of validators that is called before the service, and its settings.
pub struct SourceConfig<Q> {
    pub(super) source: Arc<Q>,
    pub(super) on_error: OnSourceError,
    pub(super) confirm: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ConditionalConfig {
    pub(super) methods: SafeMethods,
    pub(super) head_as_get: bool,
    pub(super) explain: bool,
    pub(super) renderer: Renderer,
    pub(super) clock: SharedClock,
}

impl ConditionalConfig {
    /// Returns `true` if every response to a read of this method is inspected, even without
    /// a condition.
    pub(super) fn inspects_every_response(&self, method: &Method) -> bool {
        self.explain || self.drops_content(method)
    }

    /// Returns `true` for a `HEAD` that the layer turns into a `GET`.
    pub(super) fn drops_content(&self, method: &Method) -> bool {
        self.head_as_get && *method == Method::HEAD
    }

    /// Records the state that the source returned.
    pub(super) fn record_source<B>(&self, response: &mut Response<B>, current: &Current) {
        self.record(response, |outcome| outcome.set_source(current));
    }

    /// Records a decision for an observer, and in the response if `explain` is set.
    #[inline]
    pub(super) fn record<B>(&self, response: &mut Response<B>, change: impl Fn(&mut Outcome)) {
        exchange::record_decision(&change);
        if self.explain {
            Outcome::record(response.extensions_mut(), change);
        }
    }
}
