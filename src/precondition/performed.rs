//! A write that is admitted, and its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, request::Parts, uri::PathAndQuery};
use http_body::Body;
use tower_service::Service;

use super::{
    Unchecked, answer,
    check::{KeptFields, UncheckedWrite},
    config::Config,
    write::{Answer, Guard, GuardedWrite, Serialization},
};
use crate::{
    body::ResponseBody,
    events,
    handler::{Expected, PreconditionFailed},
    outcome::{Outcome, Verdict},
    refusal::{Reason, Refusal},
    semantics::{
        accept::Accept,
        precondition::{ConditionalFields, Current},
    },
    source::{MayAskService, Ready, ValidatorSource},
    target,
};

/// What outlives the request's head, which goes to the handler.
pub(super) struct PerformedWrite<Q, G> {
    config: Arc<Config<Q, G>>,
    conditions: Conditions,
    accept: Accept,
}

/// The conditions of a write that is performed.
enum Conditions {
    /// The handler compares, or its success is reported.
    HandedOver {
        expected: Expected,
        path: Option<PathAndQuery>,
    },
    /// Only the layer compared.
    Checked(ConditionalFields),
}

impl<Q, G> PerformedWrite<Q, G> {
    /// Hands `current` over to the handler, as the state in which the conditions held.
    pub(super) fn begin(
        write: GuardedWrite<Q, G>,
        KeptFields { fields, accept }: KeptFields,
        request: &mut Parts,
        current: Current,
    ) -> Self {
        let GuardedWrite { config, guard } = write;
        if !config.hands_over || !guard.is_conditional {
            return Self {
                config,
                conditions: Conditions::Checked(fields),
                accept,
            };
        }
        let outer = request.extensions.get().cloned();
        let expected = Expected::handed_over(request.method.clone(), fields, current, outer);
        if guard.serialization == Serialization::Locked {
            // Nobody can come in between.
            expected.mark_compared();
        }
        request.extensions.insert(expected.clone());
        let path = target::of(request).path_and_query().cloned();
        Self {
            config,
            conditions: Conditions::HandedOver { expected, path },
            accept,
        }
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
        if let Conditions::HandedOver { expected, path } = &self.conditions
            && answer.status().is_success()
            && !expected.is_compared()
        {
            return self.report(expected, path.as_ref(), answer);
        }
        self.config.explain(&mut answer, Verdict::Proceeded);
        answer
    }

    /// The 412 to a write whose handler found another state than it expected.
    fn supersede<ResB: Body<Data = Bytes>>(&self, failed: &PreconditionFailed) -> Answer<ResB> {
        let fields = match &self.conditions {
            Conditions::HandedOver { expected, .. } => expected.fields(),
            Conditions::Checked(fields) => fields,
        };
        let refusal = Refusal::new(failed.reason()).expecting(fields);
        let mut answer = (self.config).refuse(refusal, self.accept.json(), failed.current());
        self.config.explain(&mut answer, Verdict::Superseded);
        answer
    }

    fn report<ResB: Body<Data = Bytes>>(
        &self,
        expected: &Expected,
        path: Option<&PathAndQuery>,
        mut answer: Answer<ResB>,
    ) -> Answer<ResB> {
        let path = path.map_or("", PathAndQuery::path);
        events::unchecked_write(expected.method(), path);
        if self.config.unchecked == Unchecked::Fail {
            let refusal = Refusal::new(Reason::Unchecked);
            answer = self.config.refuse(refusal, self.accept.json(), None);
        }
        Outcome::record(answer.extensions_mut(), |outcome| {
            outcome.set_verdict(Verdict::Proceeded);
            outcome.set_unchecked();
        });
        answer
    }
}

/// A write whose 412 may carry the representation, for which the service is asked again.
pub(super) struct ShownWrite {
    request: Box<Parts>,
    guard: Guard,
    source_knew: bool,
}

impl ShownWrite {
    pub(super) fn new(request: &Parts, guard: Guard, source_knew: bool) -> Self {
        Self {
            request: Box::new(request.clone()),
            guard,
            source_knew,
        }
    }

    pub(super) async fn supersede<Q, G, S, ReqB, ResB>(
        &self,
        config: &Config<Q, G>,
        failed: &PreconditionFailed,
        service: &mut Ready<S>,
    ) -> Answer<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        Q: ValidatorSource,
        G: MayAskService<S, ReqB>,
    {
        let write = UncheckedWrite::new(config, self.guard, &self.request);
        write.superseded(failed, self.source_knew, service).await
    }
}
