//! The check of a write before it is performed.

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::exchange::{Answer, Exchange, Serialization};
use crate::{
    body::ResponseBody,
    events,
    outcome::Verdict,
    refusal::Reason,
    semantics::precondition::{Admission, Current},
    source::{self, Asked, MayAskService, OnSourceError, Ready, SourceError, ValidatorSource},
};

/// The result of the check of a write.
pub(super) enum WriteCheck<ResB: Body> {
    /// The write may be performed on this state, which a source knew or did not.
    Admitted {
        current: Current,
        source_knew: bool,
    },
    Refused(Answer<ResB>),
}

impl<Q: ValidatorSource, G> Exchange<Q, G> {
    /// Asks for the current state, and decides whether the request may be performed on it.
    pub(super) async fn check<S, ReqB, ResB>(
        &self,
        parts: &Parts,
        service: &mut Ready<S>,
    ) -> Result<WriteCheck<ResB>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let handler_checks = Q::KNOWS_NOTHING && !G::ASKS;
        let mut may_be_unknown = handler_checks || !self.requires_condition();
        let (current, mut found) = match self.current(parts, service).await? {
            Asked::State(current, found) => (current, found),
            // It may lead to the representation, by a URL that is signed for example.
            Asked::Answer(response)
                if response.status().is_redirection() && !self.config.self_get.may_show() =>
            {
                may_be_unknown = false;
                (Current::Unknown, None)
            }
            Asked::Answer(response) => {
                return Ok(WriteCheck::Refused(response.map(ResponseBody::inner)));
            }
            Asked::Failed(error) => {
                events::source_failed(&error);
                if self.config.on_source_error != OnSourceError::Proceed {
                    return Ok(WriteCheck::Refused(self.unavailable(error)));
                }
                may_be_unknown = true;
                (Current::Unknown, None)
            }
        };
        let admission = self.fields.admit(
            &parts.method,
            current.as_ref(),
            self.required,
            self.config.creates(&parts.method),
            || self.config.now(),
        );
        // A lock without a key keeps nobody away, whatever the state is.
        let is_unknown = matches!(current, Current::Unknown) && !may_be_unknown;
        let is_unchecked = is_unknown || self.serialization == Serialization::KeyMissing;
        Ok(WriteCheck::Refused(match admission {
            Admission::Admit if is_unchecked && !self.config.proceeds_when_unknown => {
                self.explained(self.refuse(Reason::Unknown), Verdict::NotEvaluated)
            }
            Admission::Admit => {
                // The content of what was found may hold what the write needs: a place, a
                // connection. It is dropped here.
                let source_knew = found.is_none() && !matches!(current, Current::Unknown);
                return Ok(WriteCheck::Admitted {
                    current,
                    source_knew,
                });
            }
            Admission::Failed(condition) => {
                let answer = self.fail(parts, condition, &current, &mut found, service);
                answer.await
            }
            Admission::Required => {
                let answer = self.refuse(Reason::PreconditionRequired);
                self.explained(answer, Verdict::Required)
            }
            Admission::Absent => {
                let answer = match found {
                    Some(not_found) => not_found.map(ResponseBody::inner),
                    None => self.refuse(Reason::Absent),
                };
                self.explained(answer, Verdict::NotEvaluated)
            }
        }))
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
}
