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
    layer::{Config, Unchecked},
};
use crate::{
    body::ResponseBody,
    events,
    handler::{Expected, PreconditionFailed},
    outcome::{Outcome, Verdict},
    refusal::Reason,
    semantics::{
        accept,
        precondition::{Admission, ConditionalFields, Current},
    },
    source::{self, Asked, MayAskService, OnSourceError, Ready, SourceError, ValidatorSource},
};

pub(super) type Answer<ResB> = Response<ResponseBody<ResB>>;

pub(super) struct Exchange<Q, G> {
    pub(super) config: Arc<Config<Q, G>>,
    pub(super) fields: ConditionalFields,
    required: bool,
    conditional: bool,
    pub(super) accepts_json: bool,
    /// Whether a lock keeps others away meanwhile.
    locked: bool,
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
            required: config.requires(request),
            accepts_json: accept::json(&request.headers),
            locked: false,
            fields,
            config,
        }
    }

    /// Nothing can come between the check and the write of this request.
    #[cfg(feature = "tokio")]
    pub(super) fn locked(self) -> Self {
        Self {
            locked: true,
            ..self
        }
    }

    pub(super) fn has_nothing_to_check(&self) -> bool {
        !self.conditional && !self.required
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
    // No `async fn`: the future of one holds its arguments twice.
    pub(super) fn run<S, ReqB, ResB>(
        self,
        mut parts: Parts,
        content: ReqB,
        mut service: Ready<S>,
    ) -> impl Future<Output = Result<Answer<ResB>, S::Error>>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let nothing_to_check = self.has_nothing_to_check();
        async move {
            if nothing_to_check {
                let service = service.ready::<ReqB>().await?;
                let response = service.call(Request::from_parts(parts, content)).await?;
                let response = response.map(ResponseBody::inner);
                let (renderer, accepts_json) = (&self.config.renderer, self.accepts_json);
                return Ok(answer::without_condition(response, renderer, accepts_json));
            }
            let (current, mut found) = match self.current(&parts, &mut service).await? {
                Asked::State(current, found) => (current, found),
                Asked::Answer(response) => return Ok(response.map(ResponseBody::inner)),
                Asked::Failed(error) => {
                    events::source_failed(&error);
                    if self.config.on_source_error != OnSourceError::Proceed {
                        return Ok(self.unavailable(error));
                    }
                    (Current::Unknown, None)
                }
            };
            match self.fields.admit(
                &parts.method,
                current.as_ref(),
                self.required,
                self.config.creates(&parts.method),
                || self.config.now(),
            ) {
                Admission::Admit => {
                    let source_knew = found.is_none() && !matches!(current, Current::Unknown);
                    // Its content may hold what the write needs: a place, a connection.
                    drop(found);
                    let mut kept = self.hand_over(&mut parts, current, G::ASKS);
                    kept.source_knew = source_knew;
                    let inner = service.ready::<ReqB>().await?;
                    let response = inner.call(Request::from_parts(parts, content)).await?;
                    let failed = match self.performed(response, &kept) {
                        Ok(answer) => return Ok(answer),
                        Err(failed) => failed,
                    };
                    Ok(self.superseded(&failed, &kept, &mut service).await)
                }
                Admission::Failed(condition) => {
                    let answer = self.fail(&parts, condition, &current, &mut found, &mut service);
                    Ok(answer.await)
                }
                Admission::Required => {
                    let answer = self.refuse(Reason::PreconditionRequired);
                    Ok(self.explained(answer, Verdict::Required))
                }
                Admission::Absent => {
                    let answer = match found {
                        Some(not_found) => not_found.map(ResponseBody::inner),
                        None => self.refuse(Reason::Absent),
                    };
                    Ok(self.explained(answer, Verdict::NotEvaluated))
                }
            }
        }
    }

    async fn current<S, ReqB, ResB>(
        &self,
        request: &Parts,
        service: &mut Ready<S>,
    ) -> Result<Asked<Response<ResB>>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        G: MayAskService<S, ReqB>,
    {
        let failed = match source::ask(&*self.config.source, request).await {
            Ok(Current::Unknown) => None,
            Ok(current) => return Ok(Asked::State(current, None)),
            Err(error) => Some(error),
        };
        let got = self.config.self_get.get(request, false, service).await?;
        let asked = Asked::read(got, &*self.config.clock);
        Ok(match (asked, failed) {
            (Asked::State(Current::Unknown, _), Some(error)) => Asked::Failed(error),
            (asked, _) => asked,
        })
    }

    fn unavailable<ResB: Body<Data = Bytes>>(&self, error: SourceError) -> Answer<ResB> {
        let mut answer = self.refuse(Reason::SourceUnavailable);
        answer.extensions_mut().insert(error);
        self.explained(answer, Verdict::SourceFailed)
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
    fn hand_over(&self, parts: &mut Parts, current: Current, asks_again: bool) -> Kept {
        let mut kept = Kept {
            method: parts.method.clone(),
            path: parts.uri.path_and_query().cloned(),
            compared: None,
            head: asks_again.then(|| Box::new(parts.clone())),
            source_knew: false,
        };
        if self.conditional {
            let expected =
                Expected::handed_over(parts.method.clone(), self.fields.clone(), current);
            kept.compared = (!self.locked).then(|| expected.witness());
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
