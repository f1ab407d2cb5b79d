//! One write, from the check to the answer.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use http::{Method, Request, Response, request::Parts, uri::PathAndQuery};
use http_body::Body;
use tower_service::Service;

use super::{
    answer,
    check::WriteCheck,
    layer::{Config, Unchecked},
};
use crate::{
    body::{ResponseBody, UnreadContent},
    events,
    handler::{Expected, PreconditionFailed},
    outcome::{Outcome, Verdict},
    refusal::Reason,
    semantics::{
        accept,
        precondition::{ConditionalFields, Current, Requirement},
    },
    source::{MayAskService, Ready, ValidatorSource},
    target,
};

pub(super) type Answer<ResB> = Response<ResponseBody<ResB>>;

pub(super) struct Exchange<Q, G> {
    pub(super) config: Arc<Config<Q, G>>,
    pub(super) fields: ConditionalFields,
    pub(super) required: Requirement,
    pub(super) conditional: bool,
    pub(super) accepts_json: bool,
    pub(super) serialization: Serialization,
}

/// The relation of a write to other writes of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serialization {
    /// The layer has no lock.
    Unlocked,
    /// The lock keeps other writes away between the check and the write.
    Locked,
    /// The layer has a lock, and no key of it for this request.
    KeyMissing,
}

/// What outlives the request's head, which goes to the handler.
pub(super) struct Kept {
    method: Method,
    path: Option<PathAndQuery>,
    /// All of it, where the service may be asked again.
    pub(super) head: Option<Box<Parts>>,
    /// Whether the handler compared, where it was to.
    compared: Option<Arc<AtomicBool>>,
    /// Whether the source knew the state.
    pub(super) source_knew: bool,
}

impl<Q, G> Exchange<Q, G> {
    pub(super) fn new(config: Arc<Config<Q, G>>, request: &Parts) -> Self {
        let fields = ConditionalFields::from_headers(&request.headers)
            .with_weak_if_match(config.weak_if_match);
        Self {
            conditional: fields.guard_writes(Current::Unknown, || config.now()),
            required: config.required(request),
            accepts_json: accept::json(&request.headers),
            serialization: Serialization::Unlocked,
            fields,
            config,
        }
    }

    pub(super) fn requires_condition(&self) -> bool {
        self.required != Requirement::Nothing
    }

    pub(super) fn has_nothing_to_check(&self) -> bool {
        !self.conditional && !self.requires_condition()
    }

    pub(super) fn explained<ResB: Body>(
        &self,
        mut answer: Answer<ResB>,
        verdict: Verdict,
    ) -> Answer<ResB> {
        if self.config.explain {
            Outcome::record(answer.extensions_mut(), |outcome| {
                outcome.set_verdict(verdict)
            });
        }
        answer
    }
}

impl<Q: ValidatorSource, G> Exchange<Q, G> {
    /// `turn` is held until the write is done or refused.
    // No `async fn`: the future of one holds its arguments twice.
    pub(super) fn run<S, ReqB, ResB, T>(
        self,
        mut parts: Parts,
        mut content: UnreadContent<ReqB>,
        mut service: Ready<S>,
        turn: T,
    ) -> impl Future<Output = Result<Answer<ResB>, S::Error>>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let nothing_to_check = self.has_nothing_to_check();
        async move {
            if nothing_to_check {
                let service = service.ready::<ReqB>().await?;
                let response = service
                    .call(Request::from_parts(parts, content.take()))
                    .await?;
                let response = response.map(ResponseBody::inner);
                let (renderer, accepts_json) = (&self.config.renderer, self.accepts_json);
                return Ok(answer::without_condition(response, renderer, accepts_json));
            }
            let (current, source_knew) = match self.check(&parts, &mut service).await? {
                WriteCheck::Admitted {
                    current,
                    source_knew,
                } => (current, source_knew),
                WriteCheck::Refused(answer) => {
                    return Ok(content.refuse(answer, (service, turn)).await);
                }
            };
            let asks_again = self.config.self_get.may_show();
            let kept = self.hand_over(&mut parts, current, source_knew, asks_again);
            let inner = service.ready::<ReqB>().await?;
            let response = inner
                .call(Request::from_parts(parts, content.take()))
                .await?;
            let failed = match self.performed(response, &kept) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            Ok(self.superseded(&failed, &kept, &mut service).await)
        }
    }

    /// The answer of a handler that met what it expected, or did not look.
    fn performed<ResB: Body<Data = Bytes>>(
        &self,
        response: Response<ResB>,
        kept: &Kept,
    ) -> Result<Answer<ResB>, PreconditionFailed> {
        if let Some(failed) = answer::failed(&response) {
            return Err(failed.clone());
        }
        let answer = response.map(ResponseBody::inner);
        let unchecked = answer.status().is_success()
            && (kept.compared.as_ref()).is_some_and(|compared| !compared.load(Ordering::Acquire));
        if unchecked {
            return Ok(self.report(kept, answer));
        }
        Ok(self.explained(answer, Verdict::Proceeded))
    }

    /// Tells the handler what to expect. The witness tells whether it compared,
    /// which it need not where a lock makes sure.
    fn hand_over(
        &self,
        parts: &mut Parts,
        current: Current,
        source_knew: bool,
        asks_again: bool,
    ) -> Kept {
        let mut kept = Kept {
            method: parts.method.clone(),
            path: target::of(parts).path_and_query().cloned(),
            compared: None,
            head: asks_again.then(|| Box::new(parts.clone())),
            source_knew,
        };
        if self.conditional {
            let mut expected =
                Expected::handed_over(parts.method.clone(), self.fields.clone(), current);
            if let Some(outer) = parts.extensions.get() {
                expected.share_witness(outer);
            }
            let compared = expected.witness();
            if self.serialization == Serialization::Locked {
                // Nobody can come in between.
                compared.store(true, Ordering::Release);
            }
            kept.compared = Some(compared);
            parts.extensions.insert(expected);
        }
        kept
    }

    fn report<ResB: Body<Data = Bytes>>(
        &self,
        kept: &Kept,
        mut answer: Answer<ResB>,
    ) -> Answer<ResB> {
        let path = kept.path.as_ref().map_or("", PathAndQuery::path);
        events::unchecked_write(&kept.method, path);
        if self.config.unchecked == Unchecked::Fail {
            answer = self.refuse(Reason::Unchecked);
        }
        Outcome::record(answer.extensions_mut(), |outcome| {
            outcome.set_verdict(Verdict::Proceeded);
            outcome.set_unchecked();
        });
        answer
    }
}
