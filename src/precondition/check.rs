//! The check of a write before it is performed.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    config::{PreconditionConfig, WriteResponse},
    protection::{LockState, WriteProtection},
};
use crate::{
    body::ResponseBody,
    events,
    outcome::Verdict,
    refusal::Reason,
    semantics::{
        condition::{Condition, ConditionalFields, Current, RequestConditions, WriteAdmission},
        field::Accept,
    },
    service::HeldService,
    source::{self, OnSourceError, SelfGetAnswer, SelfGetMode, SourceError, ValidatorSource},
};

/// A write before its check.
pub(super) struct UncheckedWrite<'a, Q, G> {
    pub(super) config: &'a PreconditionConfig<Q, G>,
    pub(super) request: &'a Parts,
    pub(super) fields: ConditionalFields<&'a HeaderValue>,
    pub(super) accept: Accept<&'a HeaderValue>,
    pub(super) protection: WriteProtection,
}

/// The result of the check of a write.
pub(super) enum WriteCheck<ResB: Body> {
    /// The write may be performed on this state. `source_knew` is `false` if the state comes
    /// from a `GET`.
    Admitted {
        current: Current,
        source_knew: bool,
    },
    Refused(WriteResponse<ResB>),
}

/// The answer of a source.
pub(super) type SourceResult = Result<Current, SourceError>;

/// The decision on a write in a known state.
enum WriteDecision {
    Admit,
    Fail(Condition),
    Refuse(Reason, Verdict),
}

impl<'a, Q: ValidatorSource, G> UncheckedWrite<'a, Q, G> {
    pub(super) fn new(
        config: &'a PreconditionConfig<Q, G>,
        protection: WriteProtection,
        request: &'a Parts,
    ) -> Self {
        let RequestConditions { fields, accept, .. } =
            RequestConditions::from_headers(&request.headers);
        Self {
            fields: fields.with_weak_if_match(config.weak_if_match),
            accept,
            config,
            request,
            protection,
        }
    }

    /// Checks the write against the state that the source returned without waiting. Returns
    /// `known` as the error if more is needed.
    pub(super) fn check_at_once<S, ReqB, ResB>(
        &self,
        known: SourceResult,
    ) -> Result<WriteCheck<ResB>, SourceResult>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: SelfGetMode<S, ReqB>,
    {
        let (current, may_be_unknown) = match known {
            // The service's `GET` may know the state.
            Ok(Current::Unknown) | Err(_) if G::SENDS_GET => return Err(known),
            Ok(current) => (current, self.handler_checks::<S, ReqB>()),
            Err(error) => match self.source_failed(error) {
                Some(answer) => return Ok(WriteCheck::Refused(answer)),
                None => (Current::Unknown, true),
            },
        };
        Ok(WriteCheck::Refused(
            match self.decide(&current, may_be_unknown) {
                // A 412 of the handler may carry the representation. Getting it needs the boxed
                // future.
                WriteDecision::Admit if self.config.self_get.may_show() => return Err(Ok(current)),
                WriteDecision::Admit => return Ok(admit_write(current, true)),
                // The 412 may carry the representation, or a check may turn it into a success.
                WriteDecision::Fail(condition) if self.needs_more_than_source(condition) => {
                    return Err(Ok(current));
                }
                WriteDecision::Fail(condition) => self.fail_at_once(condition, &current),
                WriteDecision::Refuse(reason, verdict) => self.refuse(reason, verdict),
            },
        ))
    }

    /// Gets the current state, unless `known` has it, and checks the write against it.
    pub(super) async fn check<S, ReqB, ResB>(
        &self,
        known: Option<SourceResult>,
        service: &mut HeldService<S>,
    ) -> Result<WriteCheck<ResB>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: SelfGetMode<S, ReqB>,
    {
        let mut may_be_unknown = self.handler_checks::<S, ReqB>();
        let (current, mut found) = match self.current(known, service).await? {
            SelfGetAnswer::State(current, found) => (current, found),
            // A redirect may lead to the representation, for example by a signed URL.
            SelfGetAnswer::Forward(response)
                if response.status().is_redirection() && !self.config.self_get.may_show() =>
            {
                may_be_unknown = false;
                (Current::Unknown, None)
            }
            SelfGetAnswer::Forward(response) => {
                return Ok(WriteCheck::Refused(response.map(ResponseBody::inner)));
            }
            SelfGetAnswer::Failed(error) => {
                if let Some(answer) = self.source_failed(error) {
                    return Ok(WriteCheck::Refused(answer));
                }
                may_be_unknown = true;
                (Current::Unknown, None)
            }
        };
        Ok(WriteCheck::Refused(
            match self.decide(&current, may_be_unknown) {
                // Returning drops the response to the `GET`. Its body may hold a resource that
                // the write needs, such as a connection.
                WriteDecision::Admit => return Ok(admit_write(current, found.is_none())),
                WriteDecision::Fail(condition) => {
                    let answer = self.fail(condition, &current, &mut found, service);
                    answer.await
                }
                WriteDecision::Refuse(reason, verdict) => match found {
                    // The service's own 404 has more details.
                    Some(not_found) if reason == Reason::Absent => {
                        let mut answer = not_found.map(ResponseBody::inner);
                        self.config.explain(&mut answer, verdict);
                        answer
                    }
                    _ => self.refuse(reason, verdict),
                },
            },
        ))
    }

    /// Returns `true` if the write may be performed in an unknown state.
    fn handler_checks<S, ReqB>(&self) -> bool
    where
        S: Service<Request<ReqB>>,
        G: SelfGetMode<S, ReqB>,
    {
        let nobody_knows = Q::KNOWS_NOTHING && !G::SENDS_GET;
        nobody_knows || !self.protection.requires_condition()
    }

    fn decide(&self, current: &Current, may_be_unknown: bool) -> WriteDecision {
        let admission = self.fields.admit(
            &self.request.method,
            current.as_ref(),
            self.protection.required,
            self.config.creates(&self.request.method),
            || self.config.clock.now(),
        );
        // Without a key for the lock, other writes may come in between, even if the state is
        // known.
        let is_unknown = matches!(current, Current::Unknown) && !may_be_unknown;
        let is_unchecked = is_unknown || self.protection.lock_state == LockState::KeyMissing;
        match admission {
            WriteAdmission::Admit if is_unchecked && !self.config.proceeds_when_unknown => {
                WriteDecision::Refuse(Reason::Unknown, Verdict::NotEvaluated)
            }
            WriteAdmission::Admit => WriteDecision::Admit,
            WriteAdmission::Failed(condition) => WriteDecision::Fail(condition),
            WriteAdmission::Required => {
                WriteDecision::Refuse(Reason::PreconditionRequired, Verdict::Required)
            }
            WriteAdmission::Absent => WriteDecision::Refuse(Reason::Absent, Verdict::NotEvaluated),
        }
    }

    async fn current<S, ReqB, ResB>(
        &self,
        known: Option<SourceResult>,
        service: &mut HeldService<S>,
    ) -> Result<SelfGetAnswer<Response<ResB>>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        G: SelfGetMode<S, ReqB>,
    {
        let known = match known {
            Some(known) => known,
            None => source::wait_for_current(&*self.config.source, self.request).await,
        };
        let failed = match known {
            Ok(Current::Unknown) => None,
            Ok(current) => return Ok(SelfGetAnswer::State(current, None)),
            // The `GET` may find a state, but a rejected client must not write.
            Err(error) if error.rejection().is_some() => return Ok(SelfGetAnswer::Failed(error)),
            Err(error) => Some(error),
        };
        let self_get = &self.config.self_get;
        let got = self_get.get(self.request, false, service).await?;
        let answer = SelfGetAnswer::read(got, &self.config.clock);
        Ok(match (answer, failed) {
            (SelfGetAnswer::State(Current::Unknown, _), Some(error)) => {
                SelfGetAnswer::Failed(error)
            }
            (answer, Some(error)) => {
                // Reported here, since the `GET` replaces the source and hides its error.
                events::source_failed(&error);
                answer
            }
            (answer, None) => answer,
        })
    }

    /// Returns the response to a write whose source failed, or `None` if the write proceeds.
    fn source_failed<ResB: Body<Data = Bytes>>(
        &self,
        error: SourceError,
    ) -> Option<WriteResponse<ResB>> {
        // The handler may have fewer extractors, so it must not run unchecked.
        if let Some(rejection) = error.rejection() {
            return Some(rejection.clone().map(ResponseBody::bytes));
        }
        events::source_failed(&error);
        (self.config.on_source_error != OnSourceError::Proceed).then(|| {
            let mut answer = self.refuse(Reason::SourceUnavailable, Verdict::SourceFailed);
            answer.extensions_mut().insert(error);
            answer
        })
    }
}

fn admit_write<ResB: Body>(current: Current, source_was_asked_alone: bool) -> WriteCheck<ResB> {
    WriteCheck::Admitted {
        source_knew: source_was_asked_alone && !matches!(current, Current::Unknown),
        current,
    }
}
