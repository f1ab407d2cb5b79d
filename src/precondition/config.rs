use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, request::Parts};
use http_body::Body;

use crate::{
    body::ResponseBody,
    clock::SharedClock,
    observe::exchange,
    outcome::{Outcome, Verdict},
    refusal::{Refusal, Renderer},
    semantics::{
        condition::{ConditionalFields, Current, Requirement},
        field::method,
        validator::Validators,
    },
    source::OnSourceError,
};
#[cfg(feature = "tokio")]
use crate::{refusal::Reason, semantics::retry::Commit};

/// The response to a write, made by the layer or by the service.
pub(super) type WriteResponse<ResB> = Response<ResponseBody<ResB>>;

pub(super) struct PreconditionConfig<Q, G> {
    pub(super) source: Arc<Q>,
    pub(super) self_get: G,
    pub(super) required: Option<RequirePredicate>,
    /// The requirement on the requests that `required` selects.
    pub(super) requirement: Requirement,
    pub(super) proceeds_when_unknown: bool,
    /// The methods that create an absent target. `None` means the default methods.
    pub(super) creates: Option<Arc<[Method]>>,
    pub(super) weak_if_match: bool,
    /// `true` if requests get [`Expected`](crate::handler::Expected) as an extension.
    pub(super) adds_expected: bool,
    pub(super) already_applied: Option<AppliedCheck>,
    pub(super) on_source_error: OnSourceError,
    pub(super) on_unchecked: OnUnchecked,
    pub(super) explain: bool,
    pub(super) renderer: Renderer,
    pub(super) clock: SharedClock,
}

/// The reaction to a conditional write that succeeded although its handler never compared
/// with [`Expected`](crate::handler::Expected).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnUnchecked {
    /// Reports the write by an event (feature `tracing`) and by
    /// [`Outcome::is_unchecked`](crate::Outcome::is_unchecked). The default.
    Report,
    /// Answers 500 in place of the success, for tests. The write has been performed.
    Fail,
}

type RequirePredicate = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;
pub(super) type AppliedCheck =
    Arc<dyn Fn(&Parts, &Validators) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

impl<Q, G> PreconditionConfig<Q, G> {
    /// Returns a copy with another [`SelfGet`](crate::source::SelfGet), or none.
    pub(super) fn with_self_get<T>(&self, self_get: T) -> PreconditionConfig<Q, T> {
        PreconditionConfig {
            source: Arc::clone(&self.source),
            self_get,
            required: self.required.clone(),
            requirement: self.requirement,
            proceeds_when_unknown: self.proceeds_when_unknown,
            creates: self.creates.clone(),
            weak_if_match: self.weak_if_match,
            adds_expected: self.adds_expected,
            already_applied: self.already_applied.clone(),
            on_source_error: self.on_source_error,
            on_unchecked: self.on_unchecked,
            explain: self.explain,
            renderer: self.renderer.clone(),
            clock: self.clock.clone(),
        }
    }

    pub(super) fn required(&self, request: &Parts) -> Requirement {
        match &self.required {
            Some(required) if required(request) => self.requirement,
            _ => Requirement::Nothing,
        }
    }

    pub(super) fn refuse<ResB: Body<Data = Bytes>>(
        &self,
        refusal: Refusal<'_>,
        accepts_json: bool,
        current: Option<&Validators>,
    ) -> WriteResponse<ResB> {
        let refusal = refusal
            .with_accepts_json(accepts_json)
            .with_current(current.and_then(|current| current.as_ref().etag));
        let mut response = self.renderer.respond(&refusal);
        // The write may have been performed, so a layer outside must not free its idempotency key.
        #[cfg(feature = "tokio")]
        match refusal.reason() {
            Reason::TimedOut => drop(response.extensions_mut().insert(Commit::Unknown)),
            Reason::Unchecked => drop(response.extensions_mut().insert(Commit::Seal)),
            _ => {}
        }
        if let Some(validators) = current {
            validators.write_to(response.headers_mut(), || self.clock.now());
        }
        response.map(ResponseBody::bytes)
    }

    pub(super) fn explain<ResB: Body>(&self, answer: &mut WriteResponse<ResB>, verdict: Verdict) {
        self.record(answer, |outcome| outcome.set_verdict(verdict));
    }

    /// Records that the write is not performed.
    pub(super) fn record_refusal<ResB: Body>(&self, answer: &mut WriteResponse<ResB>) {
        self.record(answer, |outcome| outcome.set_answered_early(true));
    }

    /// Records a decision for an observer, and in the response if `explain` is set.
    fn record<ResB: Body>(&self, answer: &mut WriteResponse<ResB>, change: impl Fn(&mut Outcome)) {
        exchange::record_decision(&change);
        if self.explain {
            Outcome::record(answer.extensions_mut(), change);
        }
    }

    /// Returns `true` if the request has a condition for a write.
    pub(super) fn counts_as_conditional(&self, fields: &ConditionalFields<&HeaderValue>) -> bool {
        fields.guards_writes(Current::Unknown, || self.clock.now())
    }

    /// Returns `true` if the method creates an absent target.
    pub(super) fn creates(&self, method: &Method) -> bool {
        debug_assert!(method::is_write(method));
        match &self.creates {
            Some(methods) => methods.contains(method),
            None => method::creates_target(method),
        }
    }

    /// Returns `true` if the service said that the method creates an absent target.
    pub(super) fn is_configured_to_create(&self, method: &Method) -> bool {
        let methods = self.creates.as_ref();
        methods.is_some_and(|methods| methods.contains(method))
    }
}

// Written by hand, since a source need not be `Clone`.
impl<Q, G: Clone> Clone for PreconditionConfig<Q, G> {
    fn clone(&self) -> Self {
        self.with_self_get(self.self_get.clone())
    }
}
