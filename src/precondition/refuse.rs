//! The answers to a write that is not performed, or whose comparison failed.

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    answer,
    exchange::{Answer, Exchange, Kept},
};
use crate::{
    body::ResponseBody,
    events,
    handler::PreconditionFailed,
    outcome::Verdict,
    refusal::{Reason, Refusal},
    semantics::{
        precondition::{Condition, Current},
        validators::{self, Label, Validators},
    },
    source::{self, Asked, MayAskService, Ready, ValidatorSource},
};

/// Answers a write that took too long under its lock.
#[cfg(feature = "tokio")]
pub(super) struct Late {
    renderer: crate::refusal::Renderer,
    accepts_json: bool,
}

#[cfg(feature = "tokio")]
impl Late {
    pub(super) fn answer<ResB: Body<Data = Bytes>>(&self) -> Answer<ResB> {
        let refusal = Refusal::new(Reason::TimedOut).accepting_json(self.accepts_json);
        self.renderer.respond(&refusal).map(ResponseBody::bytes)
    }
}

impl<Q, G> Exchange<Q, G> {
    #[cfg(feature = "tokio")]
    pub(super) fn late(&self) -> Late {
        Late {
            renderer: self.config.renderer.clone(),
            accepts_json: self.accepts_json,
        }
    }

    /// The answer to a request that is not performed.
    pub(super) fn refuse<ResB: Body<Data = Bytes>>(&self, reason: Reason) -> Answer<ResB> {
        self.refuse_with(Refusal::new(reason), None)
    }

    fn refuse_with<ResB: Body<Data = Bytes>>(
        &self,
        refusal: Refusal,
        current: Option<&Validators>,
    ) -> Answer<ResB> {
        let refusal = refusal
            .accepting_json(self.accepts_json)
            .instead_of(current.and_then(|current| current.etag.clone()));
        let mut response = self.config.renderer.respond(&refusal);
        if let Some(validators) = current {
            validators.write_to(response.headers_mut(), || self.config.now());
        }
        response.map(ResponseBody::bytes)
    }
}

impl<Q: ValidatorSource, G> Exchange<Q, G> {
    /// The handler found another state than the one that was expected.
    pub(super) async fn superseded<S, ReqB, ResB>(
        &self,
        failed: &PreconditionFailed,
        kept: &Kept,
        service: &mut Ready<S>,
    ) -> Answer<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let refusal = Refusal::new(failed.reason()).expecting(&self.fields);
        let current = failed.current();
        let answer = match kept.head.as_deref() {
            Some(request) => {
                let known = kept.source_knew;
                match self.representation(request, known, service).await {
                    Found::Withheld => self.refuse_with(refusal, None),
                    found => self.carry(request, refusal, current, known, found).await,
                }
            }
            None => self.refuse_with(refusal, current),
        };
        self.explained(answer, Verdict::Superseded)
    }

    pub(super) async fn fail<S, ReqB, ResB>(
        &self,
        request: &Parts,
        condition: Condition,
        current: &Current,
        found: &mut Option<Response<ResB>>,
        service: &mut Ready<S>,
    ) -> Answer<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let refusal = Refusal::of_condition(condition, &self.fields);
        let Some(validators) = current.validators() else {
            let answer = self.refuse_with(refusal, None);
            return self.explained(answer, Verdict::Failed(condition));
        };
        if condition != Condition::IfNoneMatch
            && let Some(applied) = &self.config.already_applied
            && applied(request, validators).await
        {
            return self.explained(answer::already_applied(), Verdict::AlreadyApplied);
        }
        // The source told the state, unless the service did.
        let source_knew = found.is_none();
        let found = if !source_knew && !self.config.self_get.may_show() {
            Found::Withheld
        } else {
            // `match` would hold the response while the service is asked.
            match found.take() {
                Some(found) => Found::Representation(found),
                None => self.representation(request, source_knew, service).await,
            }
        };
        let answer = match found {
            Found::Withheld => self.refuse_with(refusal, None),
            Found::Nothing if !self.config.self_get.may_show() => {
                self.refuse_with(refusal, Some(validators))
            }
            found => {
                let current = Some(validators);
                self.carry(request, refusal, current, source_knew, found)
                    .await
            }
        };
        self.explained(answer, Verdict::Failed(condition))
    }

    /// A 412 with the representation that was found, or a problem if there is
    /// none, or none that a tag is known for.
    async fn carry<ResB: Body<Data = Bytes>>(
        &self,
        request: &Parts,
        refusal: Refusal,
        current: Option<&Validators>,
        source_knew: bool,
        found: Found<ResB>,
    ) -> Answer<ResB> {
        let found = match found {
            Found::Representation(found) => Some(found),
            Found::Nothing | Found::Withheld => None,
        };
        let mut newer = None;
        let labelled = match (found, current) {
            (Some(found), Some(before)) => {
                let (mut parts, body) = found.into_parts();
                let label = Label::of(&parts, body.size_hint().exact().is_some(), before);
                if label == Label::Confirm && source_knew {
                    newer = source::ask(&*self.config.source, request)
                        .await
                        .inspect_err(events::source_failed)
                        .ok();
                }
                let after = newer.as_ref().and_then(Current::validators);
                let confirmed = match label {
                    Label::Keep | Label::OwnTag | Label::AsRead => true,
                    Label::Confirm => after.is_some_and(|after| before.show_same_state(after)),
                    // With a weak tag nobody could try again.
                    Label::Weaken => self.config.weak_if_match,
                };
                label.write(&mut parts.headers, before);
                confirmed.then(|| Response::from_parts(parts, body))
            }
            (found, _) => found,
        };
        let carried = labelled.and_then(|mut found| {
            validators::correct_last_modified(found.headers_mut(), self.config.now());
            answer::with_representation(request, found)
        });
        carried.unwrap_or_else(|| {
            let current = match &newer {
                Some(newer) => newer.validators(),
                None => current,
            };
            let mut answer = self.refuse_with(refusal, current);
            answer::note_preference(request, &mut answer);
            answer
        })
    }

    /// The current representation, where the service can be asked for it and
    /// the client wants it. An error is no reason to withhold the 412.
    async fn representation<S, ReqB, ResB>(
        &self,
        request: &Parts,
        source_knew: bool,
        service: &mut Ready<S>,
    ) -> Found<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let self_get = &self.config.self_get;
        if !self_get.may_show() || !answer::wants_representation(request) {
            return Found::Nothing;
        }
        let Ok(got) = self_get.get(request, source_knew, service).await else {
            return Found::Nothing;
        };
        match Asked::read(got, &*self.config.clock) {
            Asked::State(Current::Present(_), Some(found)) => Found::Representation(found),
            // The client's own `GET` would be refused too.
            Asked::Answer(_) => Found::Withheld,
            Asked::State(..) | Asked::Failed(_) => Found::Nothing,
        }
    }
}

/// What there is for a 412 to carry.
enum Found<ResB> {
    Representation(Response<ResB>),
    Nothing,
    /// A representation that this client may not see, nor its validators.
    Withheld,
}
