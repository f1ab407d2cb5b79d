//! The answers to a write that is not performed, or whose comparison failed.

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    answer,
    exchange::{Answer, Exchange},
};
use crate::{
    body::ResponseBody,
    handler::PreconditionFailed,
    outcome::Verdict,
    refusal::{Reason, Refusal},
    semantics::{
        etag::EntityTag,
        precondition::{Condition, Current},
        validators::{self, Validators},
    },
    source::{Asked, MayAskService, Ready, ValidatorSource},
};

impl<Q, G> Exchange<Q, G> {
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
            validators.write_to(response.headers_mut());
        }
        response.map(ResponseBody::bytes)
    }

    /// The tags of `If-Match`.
    fn expected(&self) -> Vec<EntityTag> {
        let tags = self.fields.tags(Condition::IfMatch);
        tags.map(EntityTag::from).collect()
    }

    fn refusal(&self, condition: Condition) -> Refusal {
        let refusal = Refusal::new(Reason::PreconditionFailed(condition));
        match condition {
            Condition::IfMatch => refusal.expecting(self.expected()),
            Condition::IfNoneMatch | Condition::IfUnmodifiedSince => refusal,
        }
    }
}

impl<Q: ValidatorSource, G> Exchange<Q, G> {
    /// The handler found another state than the one that was expected.
    pub(super) async fn superseded<S, ReqB, ResB>(
        &self,
        failed: &PreconditionFailed,
        request: Option<&Parts>,
        service: &mut Ready<S>,
    ) -> Answer<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let refusal = Refusal::new(failed.reason()).expecting(self.expected());
        let current = failed.current();
        let answer = match request {
            Some(request) => {
                let found = self.representation(request, service).await;
                self.carry(request, refusal, current, found)
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
        let Some(validators) = current.validators() else {
            let refusal = self.refusal(condition);
            let answer = self.refuse_with(refusal, None);
            return self.explained(answer, Verdict::Failed(condition));
        };
        if condition != Condition::IfNoneMatch
            && let Some(applied) = &self.config.already_applied
            && applied(request, validators).await
        {
            let answer = answer::already_applied(validators);
            return self.explained(answer, Verdict::AlreadyApplied);
        }
        // `match` would hold the response while the service is asked.
        let found = if found.is_some() {
            found.take()
        } else {
            self.representation(request, service).await
        };
        let refusal = self.refusal(condition);
        let answer = if G::ASKS {
            self.carry(request, refusal, Some(validators), found)
        } else {
            self.refuse_with(refusal, Some(validators))
        };
        self.explained(answer, Verdict::Failed(condition))
    }

    /// A 412 with what was found, or a problem where that is nothing.
    fn carry<ResB: Body<Data = Bytes>>(
        &self,
        request: &Parts,
        refusal: Refusal,
        current: Option<&Validators>,
        found: Option<Response<ResB>>,
    ) -> Answer<ResB> {
        let carried = found.and_then(|mut found| {
            // They were read before it, and without a tag nobody can try again.
            if let Some(current) = current {
                validators::label(&mut found, current);
            }
            answer::with_representation(request, found)
        });
        carried.unwrap_or_else(|| {
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
        service: &mut Ready<S>,
    ) -> Option<Response<ResB>>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        if !G::ASKS || !answer::wants_representation(request) {
            return None;
        }
        let got = self.config.self_get.get(request, service).await.ok()?;
        match Asked::read(got, &*self.config.clock) {
            Asked::State(Current::Present(_), found) => found,
            _ => None,
        }
    }
}
