//! The arrival of messages at the store, and of its answers.

use std::time::Duration;

use tower_conditional::idempotency::{Admission, Resolution, Update};

use crate::{
    RetryModel,
    state::{Decision, Message, Phase, State},
    store::{OPERATOR, Variant, claim, response_of, retention},
    truth::{End, Holder},
};

impl RetryModel {
    /// Applies a message. Its answer is lost unless it is heard.
    pub(crate) fn deliver(&self, state: &mut State, message: Message, is_heard: bool) {
        let is_heard = is_heard && state.awaits(&message);
        match message {
            Message::Begin { attempt } => {
                if self.variant == Variant::GetThenSet && state.slot.record.is_none() {
                    state.sent.insert(Message::Set { attempt });
                } else {
                    self.begin(state, attempt, is_heard);
                }
            }
            Message::Set { attempt } => {
                // A claim that came in between is overwritten.
                state.slot.record = None;
                self.begin(state, attempt, is_heard);
            }
            Message::Renew { attempt, fence } => {
                let (now, lease) = (state.now(), Duration::from_secs(self.lease));
                let before = state.slot.clone();
                let _ = state.slot.renew(attempt, fence, lease, now);
                if state.slot != before && state.truth.check_holder(attempt, fence, state.now) {
                    state.truth.renew(state.now + self.lease);
                }
            }
            Message::Complete { attempt, fence } => {
                let end = End::Completed(response_of(attempt));
                let update = self.finish(state, attempt, fence, Some(end));
                if is_heard {
                    state.attempts[attempt].phase = answer(attempt, update);
                }
            }
            Message::Release { attempt, fence } => {
                let _ = self.finish(state, attempt, fence, None);
            }
            Message::Seal { attempt, fence } => {
                let update = self.finish(state, attempt, fence, Some(End::Sealed));
                if is_heard {
                    state.attempts[attempt].phase = answer(attempt, update);
                }
            }
            Message::Resolve { fence, decision } => self.resolve(state, fence, decision),
        }
    }

    /// Removes a record whose time is over.
    pub(crate) fn purge(state: &mut State) {
        state.slot.purge(state.now());
        if state.slot.record.is_some() {
            return;
        }
        // A message takes less time than the retention: the store knows a duplicate of a claim
        // only by its record. A process that sleeps has no such limit.
        let attempts = &state.attempts;
        state.sent.retain(|message| match message {
            Message::Begin { attempt } => {
                matches!(attempts[*attempt].phase, Phase::Claiming { .. })
            }
            _ => true,
        });
    }

    fn begin(&self, state: &mut State, attempt: usize, is_heard: bool) {
        let before = state.slot.record.clone();
        let claim = claim(attempt)
            .with_lease(Duration::from_secs(self.lease))
            .with_takeover(self.takeover)
            .with_retention(retention(self.retention));
        let admission = state.slot.begin(attempt, claim, state.now());
        if let Admission::Started {
            fence, takes_over, ..
        } = admission
            && state.slot.record != before
        {
            let holder = Holder {
                attempt,
                fence,
                lease_until: state.now + self.lease,
            };
            let takes_over = self.takeover && takes_over;
            let truth = &mut state.truth;
            truth.start(holder, takes_over, state.now, self.retention);
        }
        if !is_heard {
            return;
        }
        let Phase::Claiming { since } = state.attempts[attempt].phase else {
            return;
        };
        state.attempts[attempt].life = state.truth.life;
        state.attempts[attempt].phase = match admission {
            Admission::Started { fence, .. } => {
                let is_late = state.now >= since + self.lease;
                if is_late && self.variant != Variant::RunsLate {
                    // Another attempt may hold the key by now.
                    state.sent.insert(Message::Release { attempt, fence });
                    Phase::Withheld
                } else {
                    Phase::Claimed { fence }
                }
            }
            Admission::Replay(response) => Phase::Answered(response),
            _ => Phase::Withheld,
        };
    }

    /// Ends an attempt. `None` frees the key.
    fn finish(&self, state: &mut State, attempt: usize, fence: u64, end: Option<End>) -> Update {
        let before = state.slot.record.clone();
        let (now, slot) = (state.now(), &mut state.slot);
        let update = match end {
            Some(End::Completed(_)) => slot.complete(attempt, fence, now),
            Some(End::Sealed) => slot.seal(attempt, fence, now),
            None => slot.release(attempt, fence, now),
        };
        if state.slot.record != before && state.truth.check_holder(attempt, fence, state.now) {
            state.truth.finish(end, state.now + self.retention);
        }
        update
    }

    fn resolve(&self, state: &mut State, fence: u64, decision: Decision) {
        let (resolution, end) = match decision {
            Decision::Complete => (
                Resolution::Complete(OPERATOR),
                Some(End::Completed(OPERATOR)),
            ),
            Decision::Release => (Resolution::Release, None),
            Decision::Seal => (Resolution::Seal, Some(End::Sealed)),
        };
        let before = state.slot.record.clone();
        let _ = state.slot.resolve(fence, resolution, state.now());
        if state.slot.record != before && state.truth.check_resolved(fence, state.now) {
            state.truth.finish(end, state.now + self.retention);
        }
    }
}

fn answer(attempt: usize, update: Update) -> Phase {
    if update == Update::Applied {
        Phase::Answered(response_of(attempt))
    } else {
        Phase::Conflict
    }
}
