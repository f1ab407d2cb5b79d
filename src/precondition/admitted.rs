//! Writes that may be performed, and their answers.

use std::sync::Arc;

use bytes::Bytes;
use http::{Extensions, Response, uri::PathAndQuery};
use http_body::Body;

use super::{
    answer,
    check::UncheckedWrite,
    config::{OnUnchecked, PreconditionConfig, WriteResponse},
    protection::LockState,
};
use crate::{
    body::ResponseBody,
    events,
    handler::{Expected, ExpectedContext, PreconditionFailed},
    observe::exchange,
    outcome::{Outcome, Verdict},
    refusal::{Reason, Refusal},
    semantics::{condition::Current, field::Accept},
    target,
};

/// A write that the service performs, without the head of its request.
pub(super) struct AdmittedWrite<Q, G> {
    config: Arc<PreconditionConfig<Q, G>>,
    context: ResponseContext,
}

/// The parts of the request that the response needs.
pub(super) enum ResponseContext {
    /// The handler has to compare. If it does not, its success is reported.
    HandlerCompares(Expected),
    /// Only the layer compares.
    LayerCompares(Accept),
}

impl ResponseContext {
    /// Returns the context of a write whose conditions held in `current`.
    pub(super) fn of<Q, G>(write: &UncheckedWrite<'_, Q, G>, current: Current) -> Self {
        let UncheckedWrite {
            config,
            request,
            fields,
            accept,
            protection,
        } = write;
        // Without a condition there is nothing to compare.
        if !config.adds_expected || !protection.is_conditional {
            return Self::LayerCompares(accept.cloned());
        }
        let expected = Expected::from(ExpectedContext {
            outer: request.extensions.get().cloned(),
            creates: config.creates(&request.method),
            accept: accept.cloned(),
            path: target::of(request).path_and_query().cloned(),
            ..ExpectedContext::new(request.method.clone(), fields.cloned(), current)
        });
        if protection.lock_state == LockState::Locked {
            // No other write can come between check and write.
            expected.mark_compared();
        }
        Self::HandlerCompares(expected)
    }
}

impl<Q, G> AdmittedWrite<Q, G> {
    /// Adds [`Expected`] to the request, if the handler has to compare.
    pub(super) fn begin(
        config: Arc<PreconditionConfig<Q, G>>,
        context: ResponseContext,
        extensions: &mut Extensions,
    ) -> Self {
        if let ResponseContext::HandlerCompares(expected) = &context {
            extensions.insert(expected.clone());
        }
        Self { config, context }
    }

    /// Returns the response to the write. Reports a success without a comparison.
    pub(super) fn respond<ResB: Body<Data = Bytes>>(
        &self,
        response: Response<ResB>,
    ) -> WriteResponse<ResB> {
        if let Some(failed) = answer::handler_failure(&response) {
            return self.refuse_superseded(failed);
        }
        let mut answer = response.map(ResponseBody::inner);
        if let ResponseContext::HandlerCompares(expected) = &self.context
            && answer.status().is_success()
            && !expected.is_compared()
        {
            return self.report(expected.context(), answer);
        }
        self.config.explain(&mut answer, Verdict::Proceeded);
        answer
    }

    /// Returns the 412 to a write whose handler found another state than the expected one.
    fn refuse_superseded<ResB: Body<Data = Bytes>>(
        &self,
        failed: &PreconditionFailed,
    ) -> WriteResponse<ResB> {
        let refusal = Refusal::new(failed.reason());
        let (refusal, accept) = match &self.context {
            ResponseContext::HandlerCompares(expected) => {
                let ExpectedContext { fields, accept, .. } = expected.context();
                (refusal.with_expected(fields), accept)
            }
            ResponseContext::LayerCompares(accept) => (refusal, accept),
        };
        let mut answer = (self.config).refuse(refusal, accept.accepts_json(), failed.current());
        self.config.explain(&mut answer, Verdict::Superseded);
        answer
    }

    /// Reports a success without a comparison.
    fn report<ResB: Body<Data = Bytes>>(
        &self,
        expected: &ExpectedContext,
        mut answer: WriteResponse<ResB>,
    ) -> WriteResponse<ResB> {
        let path = expected.path.as_ref().map_or("", PathAndQuery::path);
        events::unchecked_write(&expected.method, path);
        if self.config.on_unchecked == OnUnchecked::Fail {
            let refusal = Refusal::new(Reason::Unchecked);
            answer = self
                .config
                .refuse(refusal, expected.accept.accepts_json(), None);
        }
        let change = |outcome: &mut Outcome| {
            outcome.set_verdict(Verdict::Proceeded);
            outcome.set_unchecked();
        };
        exchange::record_decision(change);
        Outcome::record(answer.extensions_mut(), change);
        answer
    }
}
