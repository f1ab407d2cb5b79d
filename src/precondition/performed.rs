//! A write that is admitted, and its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{Extensions, Response, uri::PathAndQuery};
use http_body::Body;

use super::{
    answer,
    check::UncheckedWrite,
    config::{Answer, Config, Unchecked},
    guard::Serialization,
};
use crate::{
    body::ResponseBody,
    events,
    handler::{Expectation, Expected, PreconditionFailed},
    outcome::{Outcome, Verdict},
    refusal::{Reason, Refusal},
    semantics::{condition::Current, field::Accept},
    target,
};

/// A write in the hands of the service, without the head of its request.
pub(super) struct PerformedWrite<Q, G> {
    config: Arc<Config<Q, G>>,
    kept: Kept,
}

/// The parts of the request that the answer needs.
pub(super) enum Kept {
    /// The handler compares, or its success is reported.
    HandedOver(Expected),
    /// Only the layer compared.
    Checked(Accept),
}

impl Kept {
    /// `current` is the state in which the conditions held.
    pub(super) fn of<Q, G>(write: &UncheckedWrite<'_, Q, G>, current: Current) -> Self {
        let UncheckedWrite {
            config,
            request,
            fields,
            accept,
            guard,
        } = write;
        if !config.hands_over || !guard.is_conditional {
            return Self::Checked(accept.cloned());
        }
        let expected = Expected::from(Expectation {
            outer: request.extensions.get().cloned(),
            accept: accept.cloned(),
            path: target::of(request).path_and_query().cloned(),
            ..Expectation::new(request.method.clone(), fields.cloned(), current)
        });
        if guard.serialization == Serialization::Locked {
            // Nobody can come in between.
            expected.mark_compared();
        }
        Self::HandedOver(expected)
    }
}

impl<Q, G> PerformedWrite<Q, G> {
    /// Hands the expectation over to the handler, if one is kept.
    pub(super) fn begin(
        config: Arc<Config<Q, G>>,
        kept: Kept,
        extensions: &mut Extensions,
    ) -> Self {
        if let Kept::HandedOver(expected) = &kept {
            extensions.insert(expected.clone());
        }
        Self { config, kept }
    }

    /// Makes the answer of a handler that met what it expected, did not, or did not
    /// compare.
    pub(super) fn respond<ResB: Body<Data = Bytes>>(
        &self,
        response: Response<ResB>,
    ) -> Answer<ResB> {
        if let Some(failed) = answer::failed(&response) {
            return self.supersede(failed);
        }
        let mut answer = response.map(ResponseBody::inner);
        if let Kept::HandedOver(expected) = &self.kept
            && answer.status().is_success()
            && !expected.is_compared()
        {
            return self.report(expected.expectation(), answer);
        }
        self.config.explain(&mut answer, Verdict::Proceeded);
        answer
    }

    /// The 412 to a write whose handler found another state than it expected.
    fn supersede<ResB: Body<Data = Bytes>>(&self, failed: &PreconditionFailed) -> Answer<ResB> {
        let refusal = Refusal::new(failed.reason());
        let (refusal, accept) = match &self.kept {
            Kept::HandedOver(expected) => {
                let Expectation { fields, accept, .. } = expected.expectation();
                (refusal.with_expected(fields), accept)
            }
            Kept::Checked(accept) => (refusal, accept),
        };
        let mut answer = (self.config).refuse(refusal, accept.accepts_json(), failed.current());
        self.config.explain(&mut answer, Verdict::Superseded);
        answer
    }

    fn report<ResB: Body<Data = Bytes>>(
        &self,
        expected: &Expectation,
        mut answer: Answer<ResB>,
    ) -> Answer<ResB> {
        let path = expected.path.as_ref().map_or("", PathAndQuery::path);
        events::unchecked_write(&expected.method, path);
        if self.config.unchecked == Unchecked::Fail {
            let refusal = Refusal::new(Reason::Unchecked);
            answer = self
                .config
                .refuse(refusal, expected.accept.accepts_json(), None);
        }
        Outcome::record(answer.extensions_mut(), |outcome| {
            outcome.set_verdict(Verdict::Proceeded);
            outcome.set_unchecked();
        });
        answer
    }
}
