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
        validators::Validators,
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
        request: Option<Parts>,
        mut service: Ready<S>,
    ) -> Result<Answer<ResB>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let carried = match request {
            Some(request) => self.representation(&request, &mut service).await?,
            None => None,
        };
        let answer = carried.unwrap_or_else(|| {
            let refusal = Refusal::new(failed.reason()).expecting(self.expected());
            self.refuse_with(refusal, failed.current())
        });
        Ok(self.explained(answer, Verdict::Superseded))
    }

    pub(super) async fn fail<S, ReqB, ResB>(
        &self,
        request: &Parts,
        condition: Condition,
        current: Current,
        found: Option<Response<ResB>>,
        service: &mut Ready<S>,
    ) -> Result<Answer<ResB>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let Some(validators) = current.validators() else {
            let refusal = self.refusal(condition);
            let answer = self.refuse_with(refusal, None);
            return Ok(self.explained(answer, Verdict::Failed(condition)));
        };
        if condition != Condition::IfNoneMatch
            && let Some(applied) = &self.config.already_applied
            && applied(request, validators).await
        {
            let answer = answer::already_applied(validators);
            return Ok(self.explained(answer, Verdict::AlreadyApplied));
        }
        let carried = match found {
            Some(found) => answer::with_representation(request, found),
            None => self.representation(request, service).await?,
        };
        let answer = carried.unwrap_or_else(|| {
            let mut answer = self.refuse_with(self.refusal(condition), Some(validators));
            if G::ASKS {
                answer::note_preference(request, &mut answer);
            }
            answer
        });
        Ok(self.explained(answer, Verdict::Failed(condition)))
    }

    /// A 412 with the current representation, where the service can be asked
    /// for it and the client wants it.
    async fn representation<S, ReqB, ResB>(
        &self,
        request: &Parts,
        service: &mut Ready<S>,
    ) -> Result<Option<Answer<ResB>>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        if !G::ASKS || !answer::wants_representation(request) {
            return Ok(None);
        }
        let answer = self.config.self_get.get(request, service).await?;
        match Asked::read(answer, &*self.config.clock) {
            Asked::State(Current::Present(_), Some(found)) => {
                Ok(answer::with_representation(request, found))
            }
            _ => Ok(None),
        }
    }
}
