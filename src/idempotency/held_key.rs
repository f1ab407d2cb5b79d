//! A key that an attempt holds: its lease, and the record of its end.

use std::{future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Body;
use tokio::time::{Instant, sleep};

use super::{
    attempt::Attempt,
    claimant::{Claimant, StartedClaim},
    config::{IdempotencyConfig, OnUnrecorded},
    recorded::{self, RecordedContent},
    refuse::refuse,
};
use crate::{
    body::ResponseBody,
    events,
    observe::exchange::KeyEvent,
    outcome::Outcome,
    refusal::KeyProblem,
    semantics::retry::{Commit, RecordId, RecordedResponse, SealReason, Update},
    store::{IdempotencyStore, PAUSES, StoreError, StoreErrorKind, within},
};

/// The key of a request that is performed, until its end is recorded.
pub(super) struct HeldKey<St> {
    pub(super) config: Arc<IdempotencyConfig<St>>,
    pub(super) claimant: Claimant<St>,
    pub(super) attempt: Attempt,
    /// `true` if the method of the request is safe.
    pub(super) is_read: bool,
}

/// The response and the end that it has for its key.
pub(super) struct Answer<B: Body> {
    response: Response<ResponseBody<B>>,
    end: AttemptEnd,
}

enum AttemptEnd {
    Record(Bytes),
    Release,
    Seal(SealReason),
    /// The lease ends, so that a retry is told that the outcome is unknown.
    Unknown,
}

impl<St: IdempotencyStore> HeldKey<St> {
    /// Extends the lease, three times in its length. Never ends.
    pub(super) async fn renew_until_dropped(&self) {
        let lease = self.config.lease;
        let mut pause = lease / 3;
        loop {
            // The lease runs on time alone, so no event tells when to extend it.
            sleep(pause).await;
            // A store that never answers must not keep the next try from coming in time.
            let renewed = self.config.store.renew(self.attempt.step, lease);
            pause = match within(lease / 3, renewed).await {
                Ok(Update::Applied) => lease / 3,
                Ok(Update::Lost) => return pending().await,
                Err(error) => {
                    events::key_step_failed(self.id(), "renew", &error);
                    // The store has the rest of the lease to come back.
                    lease / 15
                }
            };
        }
    }

    /// Returns `true` if the attempt may run its handler now. Asks the store only after a wait
    /// for the service: another attempt may have run meanwhile.
    pub(super) async fn is_still_held(&self, claimed_at: Instant) -> bool {
        let lease = self.config.lease;
        if claimed_at.elapsed() < lease / 3 {
            return true;
        }
        let renewed = self.config.store.renew(self.attempt.step, lease);
        let renewed = within(lease, renewed).await;
        if let Err(error) = &renewed {
            events::key_step_failed(self.id(), "renew", error);
        }
        matches!(renewed, Ok(Update::Applied))
    }

    /// Reads the content of a response that is to be recorded, and decides the end.
    pub(super) async fn read<B: Body<Data = Bytes>>(&self, mut response: Response<B>) -> Answer<B> {
        // A proxy inside may have one of another service.
        response.headers_mut().remove(&self.config.replay_marker);
        let end = match self.commit_of(&response) {
            Commit::Record => return self.record(response).await,
            Commit::Release => AttemptEnd::Release,
            Commit::Seal => AttemptEnd::Seal(SealReason::Policy),
            Commit::Unknown => AttemptEnd::Unknown,
        };
        let response = response.map(ResponseBody::inner);
        Answer { response, end }
    }

    /// Returns the end of the attempt: the handler's own word, or the layer's policy.
    fn commit_of<B>(&self, response: &Response<B>) -> Commit {
        if let Some(commit) = response.extensions().get::<Commit>() {
            return *commit;
        }
        match response.extensions().get::<KeyProblem>() {
            // Refused by a layer inside, which has a key of its own.
            Some(problem) if problem.is_before_handler() => Commit::Release,
            Some(_) => Commit::Unknown,
            None => self.config.commit(self.is_read, response),
        }
    }

    async fn record<B: Body<Data = Bytes>>(&self, response: Response<B>) -> Answer<B> {
        let (head, body) = response.into_parts();
        let (body, recorded) = recorded::read(&head, body, self.config.max_response_bytes).await;
        let end = match recorded {
            RecordedContent::Whole(content) => {
                let record = RecordedResponse::new(head.status, &head.headers, content);
                self.protect(record.encode())
            }
            RecordedContent::Not(reason) => AttemptEnd::Seal(reason),
        };
        Answer {
            response: Response::from_parts(head, body),
            end,
        }
    }

    fn protect(&self, record: Bytes) -> AttemptEnd {
        let Some(protect) = &self.config.protect else {
            return AttemptEnd::Record(record);
        };
        match protect.seal(self.attempt.step.id.as_bytes(), record) {
            Ok(sealed) => AttemptEnd::Record(sealed),
            // Nothing is stored in the clear.
            Err(error) => {
                events::key_step_failed(self.id(), "protect", &*error);
                AttemptEnd::Seal(SealReason::Unrepeatable)
            }
        }
    }

    /// Records the end, and lets the response go only then.
    pub(super) async fn finish<B: Body<Data = Bytes>>(
        &self,
        answer: Answer<B>,
        accepts_json: bool,
    ) -> Response<ResponseBody<B>> {
        let Answer { mut response, end } = answer;
        self.config.explain(&mut response, Outcome::set_performed);
        // The handler's own transaction holds the record.
        if self.attempt.is_recorded() {
            events::key(KeyEvent::Recorded);
            return response;
        }
        if let Some(problem) = self.untrusted(response.status(), &end) {
            // The effect may have happened, so nobody may perform the request again.
            let _ = self.commit(AttemptEnd::Seal(SealReason::Policy)).await;
            return refuse(&self.config, problem, accepts_json, None);
        }
        // A response that releases the key asks to be tried again, recorded or not.
        let must_be_recorded = matches!(end, AttemptEnd::Record(_) | AttemptEnd::Seal(_));
        let can_be_sealed = matches!(end, AttemptEnd::Record(_));
        let is_free = matches!(end, AttemptEnd::Release);
        let (mut committed, may_be_applied) = self.commit(end).await;
        if can_be_sealed && committed.is_err() && !may_be_applied {
            // The store may have no room for the response. A seal takes none.
            let seal = AttemptEnd::Seal(SealReason::Unrecorded);
            committed = self.commit(seal).await.0;
        }
        if is_free && !matches!(committed, Ok(Update::Applied)) {
            // The handler has undone its effect, so the key is free once the store is back, also if
            // the lease is over by then.
            drop(self.claimant.give_back(Some(self.started())));
        }
        match committed {
            Ok(Update::Applied) => response,
            _ if !must_be_recorded => response,
            // Another attempt may have been told that the outcome is unknown, or have taken over.
            Ok(Update::Lost) => {
                events::key_lost(self.id());
                refuse(&self.config, KeyProblem::OutcomeUnknown, accepts_json, None)
            }
            Err(_) => {
                let retry_after = Some(Duration::ZERO);
                refuse(
                    &self.config,
                    KeyProblem::Unrecorded,
                    accepts_json,
                    retry_after,
                )
            }
        }
    }

    /// Returns the problem of a handler that did not keep to the mode of its route.
    fn untrusted(&self, status: StatusCode, end: &AttemptEnd) -> Option<KeyProblem> {
        let is_over = matches!(end, AttemptEnd::Record(_) | AttemptEnd::Seal(_));
        if self.resumes() && is_over && self.attempt.overlooks_takeover() {
            events::overlooked_takeover(self.id());
            return Some(KeyProblem::NotResumed);
        }
        let reaction = self.config.on_unrecorded?;
        // A redirection is the usual response to a form (RFC 9110, section 15.4.4). A 304 has
        // changed nothing.
        let is_redirection = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
        if !status.is_success() && !is_redirection {
            return None;
        }
        events::unrecorded_effect(self.id());
        (reaction == OnUnrecorded::Fail).then_some(KeyProblem::NotTransactional)
    }

    fn id(&self) -> &RecordId {
        &self.attempt.step.id
    }

    fn resumes(&self) -> bool {
        self.config.resumes(self.attempt.takes_over)
    }

    /// Applies the end to the record. A step that failed is repeated. Returns `true` beside the
    /// result if one of the tries may have been applied.
    async fn commit(&self, end: AttemptEnd) -> (Result<Update, StoreError>, bool) {
        let mut may_be_applied = false;
        let (store, step) = (&self.config.store, self.attempt.step);
        let lease = self.config.lease;
        let mut pauses = PAUSES.into_iter();
        loop {
            let (name, applied) = match &end {
                AttemptEnd::Record(record) => {
                    let completed = store.complete(step, record.clone());
                    ("complete", within(lease, completed).await)
                }
                // The effects of the attempt before are as unknown as they were.
                AttemptEnd::Release if self.attempt.takes_over => ("renew", self.end_lease().await),
                AttemptEnd::Unknown => ("renew", self.end_lease().await),
                AttemptEnd::Release => ("release", within(lease, store.release(step)).await),
                AttemptEnd::Seal(reason) => {
                    ("seal", within(lease, store.seal(step, *reason)).await)
                }
            };
            match (&applied, &end) {
                (Ok(Update::Applied), AttemptEnd::Seal(reason)) => {
                    events::key_sealed(self.id(), *reason);
                }
                (Ok(Update::Applied), AttemptEnd::Record(_)) => events::key(KeyEvent::Recorded),
                (Ok(Update::Applied), AttemptEnd::Release) if !self.attempt.takes_over => {
                    events::key(KeyEvent::Released);
                }
                (Ok(_), _) => {}
                (Err(error), _) => {
                    may_be_applied |= error.kind() != StoreErrorKind::NotApplied;
                    events::key_step_failed(self.id(), name, error);
                }
            }
            match (applied, pauses.next()) {
                (Err(error), Some(pause)) if error.kind() != StoreErrorKind::Corrupt => {
                    // A connection that broke needs a moment until there is another one.
                    sleep(pause).await;
                }
                (applied, _) => return (applied, may_be_applied),
            }
        }
    }

    /// Frees the key, since nothing ran.
    pub(super) async fn release(&self) {
        self.claimant.give_back_soon(self.started()).await;
    }

    fn started(&self) -> StartedClaim {
        StartedClaim {
            fence: self.attempt.step.fence,
            takes_over: self.attempt.takes_over,
        }
    }

    /// Ends the lease at once, so that a retry is told that the outcome is unknown.
    pub(super) async fn give_up(&self, reason: &'static str) {
        events::outcome_unknown(self.id(), reason);
        // After an error the lease runs out by itself.
        let _ = self.end_lease().await;
    }

    async fn end_lease(&self) -> Result<Update, StoreError> {
        let store = &self.config.store;
        let ended = store.renew(self.attempt.step, Duration::ZERO);
        within(self.config.lease, ended).await
    }
}
