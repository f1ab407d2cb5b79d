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

impl<Q, G> Exchange<Q, G> {
    /// Makes the answer to a write that took too long under its lock, once the exchange is
    /// gone.
    #[cfg(feature = "tokio")]
    pub(super) fn timed_out<ResB: Body<Data = Bytes>>(
        &self,
    ) -> impl FnOnce() -> Answer<ResB> + use<ResB, Q, G> {
        let renderer = self.config.renderer.clone();
        let refusal = Refusal::new(Reason::TimedOut).accepting_json(self.accepts_json);
        move || renderer.respond(&refusal).map(ResponseBody::bytes)
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
                let found = self.representation(request, known, service).await;
                self.carry(request, refusal, current, known, found).await
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
        if !G::ASKS {
            // The most frequent 412, without the future of one that asks.
            let answer = self.refuse_with(refusal, Some(validators));
            return self.explained(answer, Verdict::Failed(condition));
        }
        // The source told the state, unless the service did.
        let source_knew = found.is_none();
        let found = if !source_knew && !self.config.self_get.may_show() {
            Representation::Withheld
        } else {
            // `match` would hold the response while the service is asked.
            match found.take() {
                Some(found) => Representation::Found(found),
                None => self.representation(request, source_knew, service).await,
            }
        };
        let answer = self.carry(request, refusal, Some(validators), source_knew, found);
        let answer = answer.await;
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
        found: Representation<ResB>,
    ) -> Answer<ResB> {
        let found = match found {
            Representation::Found(found) => Some(found),
            Representation::Unavailable => None,
            Representation::NotAsked => return self.refuse_with(refusal, current),
            Representation::Withheld => return self.refuse_with(refusal, None),
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
    ) -> Representation<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let self_get = &self.config.self_get;
        if !self_get.may_show() {
            return Representation::NotAsked;
        }
        if !answer::wants_representation(request) {
            return Representation::Unavailable;
        }
        let Ok(got) = self_get.get(request, source_knew, service).await else {
            return Representation::Unavailable;
        };
        match Asked::read(got, &*self.config.clock) {
            Asked::State(Current::Present(_), Some(found)) => Representation::Found(found),
            // The client's own `GET` would be refused too.
            Asked::Answer(_) => Representation::Withheld,
            Asked::State(..) | Asked::Failed(_) => Representation::Unavailable,
        }
    }
}

/// The current representation, for a 412 to carry.
enum Representation<ResB> {
    Found(Response<ResB>),
    /// No service may be asked, whatever the client prefers.
    NotAsked,
    /// The client does not want it, or the service does not tell.
    Unavailable,
    /// The client may not see it, nor its validators.
    Withheld,
}
