//! Responses to writes that are not performed, or whose comparison failed.

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    answer,
    check::UncheckedWrite,
    config::{AppliedCheck, WriteResponse},
};
use crate::{
    events,
    handler::PreconditionFailed,
    outcome::Verdict,
    refusal::{Reason, Refusal},
    semantics::{
        condition::{Condition, Current},
        validator::{Label, Validators, validators},
    },
    service::HeldService,
    source::{self, SelfGetAnswer, SelfGetMode, ValidatorSource},
};

impl<Q, G> UncheckedWrite<'_, Q, G> {
    /// Returns the response to a write that is not performed.
    pub(super) fn refuse<ResB: Body<Data = Bytes>>(
        &self,
        reason: Reason,
        verdict: Verdict,
    ) -> WriteResponse<ResB> {
        let mut answer = self.refuse_with(Refusal::new(reason), None);
        self.config.explain(&mut answer, verdict);
        answer
    }

    fn refuse_with<ResB: Body<Data = Bytes>>(
        &self,
        refusal: Refusal<'_>,
        current: Option<&Validators>,
    ) -> WriteResponse<ResB> {
        let refusal = refusal.with_creates(self.config.creates(&self.request.method));
        self.config
            .refuse(refusal, self.accept.accepts_json(), current)
    }
}

impl<Q: ValidatorSource, G> UncheckedWrite<'_, Q, G> {
    /// Returns `true` if the source's state is not enough for the response to a write whose
    /// `condition` is false.
    pub(super) fn needs_more_than_source<S, ReqB>(&self, condition: Condition) -> bool
    where
        S: Service<Request<ReqB>>,
        G: SelfGetMode<S, ReqB>,
    {
        self.applied_check(condition).is_some() || self.config.self_get.may_show()
    }

    /// Returns the check for a write that was applied before, if it is for this condition.
    fn applied_check(&self, condition: Condition) -> Option<&AppliedCheck> {
        let applied = self.config.already_applied.as_ref();
        applied.filter(|_| condition != Condition::IfNoneMatch)
    }

    /// Returns the 412 to a write whose `condition` is false in the state that the source
    /// returned.
    pub(super) fn fail_at_once<ResB: Body<Data = Bytes>>(
        &self,
        condition: Condition,
        current: &Current,
    ) -> WriteResponse<ResB> {
        let refusal = Refusal::of_condition(condition, &self.fields);
        let mut answer = self.refuse_with(refusal, current.validators());
        self.config.explain(&mut answer, Verdict::Failed(condition));
        answer
    }

    /// Returns the response to a write whose `condition` is false. The state comes from the
    /// source, or from the service's response to the `GET` in `found`.
    pub(super) async fn fail<S, ReqB, ResB>(
        &self,
        condition: Condition,
        current: &Current,
        found: &mut Option<Response<ResB>>,
        service: &mut HeldService<S>,
    ) -> WriteResponse<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: SelfGetMode<S, ReqB>,
    {
        let Some(validators) = current.validators() else {
            return self.fail_at_once(condition, current);
        };
        if let Some(applied) = self.applied_check(condition)
            && applied(self.request, validators).await
        {
            let mut answer = answer::already_applied();
            self.config.explain(&mut answer, Verdict::AlreadyApplied);
            return answer;
        }
        let source_knew = found.is_none();
        let found = if !source_knew && !self.config.self_get.may_show() {
            CurrentRepresentation::Withheld
        } else {
            // Taken first, since a `match` on it would borrow the response across the await.
            match found.take() {
                Some(found) => CurrentRepresentation::Found(found),
                None => self.representation(source_knew, service).await,
            }
        };
        let refusal = Refusal::of_condition(condition, &self.fields);
        let answer = self.carry_representation(refusal, Some(validators), source_knew, found);
        let mut answer = answer.await;
        self.config.explain(&mut answer, Verdict::Failed(condition));
        answer
    }

    /// Returns the response to a write whose handler found another state than the expected
    /// one. If there was none before, and there is none now, it is a 404, unless the service said
    /// that the method creates.
    pub(super) async fn respond_to_failure<S, ReqB, ResB>(
        &self,
        failed: &PreconditionFailed,
        SeenState {
            source_knew,
            was_absent,
        }: SeenState,
        service: &mut HeldService<S>,
    ) -> WriteResponse<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: SelfGetMode<S, ReqB>,
    {
        let found = self.representation(source_knew, service).await;
        let creates = self.config.is_configured_to_create(&self.request.method);
        // No other write came first: the handler does not create (RFC 9110, section 13.2.1).
        if was_absent && !creates && matches!(found, CurrentRepresentation::Absent) {
            return self.refuse(Reason::Absent, Verdict::Superseded);
        }
        let refusal = Refusal::new(failed.reason()).with_expected(&self.fields);
        let answer = self.carry_representation(refusal, failed.current(), source_knew, found);
        let mut answer = answer.await;
        self.config.explain(&mut answer, Verdict::Superseded);
        answer
    }

    /// Returns a 412 with the representation that was found. Without one, or without a tag
    /// for it, the 412 is a problem document.
    async fn carry_representation<ResB: Body<Data = Bytes>>(
        &self,
        refusal: Refusal<'_>,
        current: Option<&Validators>,
        source_knew: bool,
        found: CurrentRepresentation<ResB>,
    ) -> WriteResponse<ResB> {
        let found = match found {
            CurrentRepresentation::Found(found) => Some(found),
            CurrentRepresentation::Unavailable => None,
            CurrentRepresentation::NotRequested => return self.refuse_with(refusal, current),
            CurrentRepresentation::Withheld | CurrentRepresentation::Absent => {
                return self.refuse_with(refusal, None);
            }
        };
        let mut newer = None;
        let labelled = match (found, current) {
            (Some(mut found), Some(before)) => {
                let is_exact = found.body().size_hint().exact().is_some();
                let label = Label::for_response(found.status(), found.headers(), is_exact, before);
                // The tag may be older than the content: only an unchanged state confirms it.
                if label == Label::Confirm && source_knew {
                    newer = source::current(&*self.config.source, self.request)
                        .await
                        .inspect_err(events::source_failed)
                        .ok();
                }
                let after = newer.as_ref().and_then(Current::validators);
                let confirmed = match label {
                    Label::Keep | Label::OwnTag | Label::AsRead => true,
                    Label::Confirm => after.is_some_and(|after| before.is_same_state(after)),
                    // A client cannot try again with a weak tag: `If-Match` compares strongly.
                    Label::Weaken => self.config.weak_if_match,
                };
                label.write(found.headers_mut(), before);
                confirmed.then_some(found)
            }
            (found, _) => found,
        };
        let carried = labelled.and_then(|mut found| {
            validators::correct_last_modified(found.headers_mut(), || self.config.clock.now());
            answer::with_representation(self.request, found)
        });
        carried.unwrap_or_else(|| {
            let current = match &newer {
                Some(newer) => newer.validators(),
                None => current,
            };
            let mut answer = self.refuse_with(refusal, current);
            answer::write_preference(self.request, &mut answer);
            answer
        })
    }

    /// Returns the current representation, if the layer has a `GET` for it. An error of the
    /// `GET` does not change the 412.
    async fn representation<S, ReqB, ResB>(
        &self,
        source_knew: bool,
        service: &mut HeldService<S>,
    ) -> CurrentRepresentation<ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
        G: SelfGetMode<S, ReqB>,
    {
        let self_get = &self.config.self_get;
        if !self_get.may_show() {
            return CurrentRepresentation::NotRequested;
        }
        // Sent even if the client prefers a minimal answer: the status shows whether it may see
        // the tag.
        let Ok(got) = self_get.get(self.request, source_knew, service).await else {
            return CurrentRepresentation::Withheld;
        };
        match SelfGetAnswer::read(got, &self.config.clock) {
            SelfGetAnswer::State(Current::Present(_), Some(found)) => {
                CurrentRepresentation::Found(found)
            }
            SelfGetAnswer::State(Current::Present(_) | Current::Unknown, _) => {
                CurrentRepresentation::Unavailable
            }
            // Perhaps a 404 that hides what exists.
            SelfGetAnswer::State(Current::Absent, _) => CurrentRepresentation::Absent,
            // The client's own `GET` would be refused, too. After a failure it is unknown whether
            // the client may see the tag.
            SelfGetAnswer::Forward(_) | SelfGetAnswer::Failed(_) => CurrentRepresentation::Withheld,
        }
    }
}

/// The current representation, for a 412 to carry.
enum CurrentRepresentation<ResB> {
    Found(Response<ResB>),
    /// The layer does not send a `GET`.
    NotRequested,
    /// The `GET` returned no representation.
    Unavailable,
    /// The `GET` found nothing, or hides it.
    Absent,
    /// The client may not see the representation, nor its validators.
    Withheld,
}

/// The state in which a write was admitted.
#[derive(Clone, Copy)]
pub(super) struct SeenState {
    /// `false` if the state comes from a `GET`.
    pub(super) source_knew: bool,
    pub(super) was_absent: bool,
}
