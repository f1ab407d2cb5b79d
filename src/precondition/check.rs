//! Whether a write may be performed, by what is known before.

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::exchange::{Answer, Exchange};
use crate::{
    body::ResponseBody,
    events,
    outcome::Verdict,
    refusal::Reason,
    semantics::precondition::{Admission, Current},
    source::{self, Asked, MayAskService, OnSourceError, Ready, SourceError, ValidatorSource},
};

/// What the conditions of a write come to.
pub(super) enum Checked<ResB: Body> {
    /// The write may be performed on this state, which a source knew or did not.
    Admitted {
        current: Current,
        source_knew: bool,
    },
    Refused(Answer<ResB>),
}

impl<Q: ValidatorSource, G> Exchange<Q, G> {
    /// Asks for the current state, and whether the request may be performed on it.
    pub(super) async fn check<S, ReqB, ResB>(
        &self,
        parts: &Parts,
        service: &mut Ready<S>,
    ) -> Result<Checked<ResB>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: MayAskService<S, ReqB>,
    {
        let mut may_be_unknown = self.config.proceeds_when_unknown
            || !(self.requires_condition() || self.keyless)
            || (Q::KNOWS_NOTHING && !G::ASKS && !self.keyless);
        let (current, mut found) = match self.current(parts, service).await? {
            Asked::State(current, found) => (current, found),
            // It may lead to the representation, by a URL that is signed for example.
            Asked::Answer(response)
                if response.status().is_redirection() && !self.config.self_get.may_show() =>
            {
                may_be_unknown = self.config.proceeds_when_unknown;
                (Current::Unknown, None)
            }
            Asked::Answer(response) => {
                return Ok(Checked::Refused(response.map(ResponseBody::inner)));
            }
            Asked::Failed(error) => {
                events::source_failed(&error);
                if self.config.on_source_error != OnSourceError::Proceed {
                    return Ok(Checked::Refused(self.unavailable(error)));
                }
                // Where there is no key, it is not the source that is missed.
                may_be_unknown |= !self.keyless;
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
        Ok(Checked::Refused(match admission {
            Admission::Admit if !may_be_unknown && self.is_unknown(&current) => {
                self.explained(self.refuse(Reason::Unknown), Verdict::NotEvaluated)
            }
            Admission::Admit => {
                // The content of what was found may hold what the write needs: a place, a
                // connection. It is dropped here.
                let source_knew = found.is_none() && !matches!(current, Current::Unknown);
                return Ok(Checked::Admitted {
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

    /// Whether nothing of ours makes sure that the condition holds for this request.
    fn is_unknown(&self, current: &Current) -> bool {
        self.keyless || matches!(current, Current::Unknown)
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
