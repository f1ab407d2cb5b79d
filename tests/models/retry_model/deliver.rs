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
                    self.begin(state, attempt, is_heard, self.takeover);
                }
            }
            Message::Reclaim { attempt } => self.begin(state, attempt, is_heard, false),
            Message::Set { attempt } => {
                // A claim that came in between is overwritten.
                state.slot.record = None;
                self.begin(state, attempt, is_heard, self.takeover);
            }
            Message::Renew {
                attempt,
                fence,
                lease,
            } => {
                let before = state.slot.record.clone();
                let length = Duration::from_secs(lease);
                let _ = state.slot.renew(attempt, fence, length, state.now());
                if state.slot.record != before
                    && state.truth.check_holder(attempt, fence, state.now)
                {
                    state.truth.renew(state.now + lease);
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
        // The store knows a duplicate by its record, and the fence starts again without one. So
        // messages and decisions take less time than the retention. A process that sleeps has
        // no such limit.
        let attempts = &state.attempts;
        state.sent.retain(|message| match message {
            Message::Begin { attempt } => {
                matches!(attempts[*attempt].phase, Phase::Claiming { .. })
            }
            Message::Reclaim { attempt } => attempts[*attempt].phase == Phase::GivingBack,
            Message::Resolve { .. } => false,
            _ => true,
        });
    }

    fn begin(&self, state: &mut State, attempt: usize, is_heard: bool, takeover: bool) {
        let before = state.slot.record.clone();
        let is_awaited = matches!(
            state.attempts[attempt].phase,
            Phase::Claiming { .. } | Phase::GivingBack
        );
        let claim = claim(attempt)
            .with_lease(Duration::from_secs(self.lease))
            .with_takeover(takeover)
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
                takes_over: self.takeover && takes_over,
            };
            if state.truth.start(holder, state.now, self.retention) {
                // The store refuses decisions about the lease before, which a test of records holds.
                state.sent.retain(|message| !message.resolves_before(fence));
                if !is_awaited {
                    // One late duplicate that gets a new lease is enough.
                    state.sent.remove(&Message::Begin { attempt });
                }
            }
        }
        if !is_heard {
            return;
        }
        let own = &mut state.attempts[attempt];
        let since = match own.phase {
            Phase::Claiming { since } => since,
            Phase::GivingBack => {
                if let Admission::Started {
                    fence, takes_over, ..
                } = admission
                {
                    own.takes_over = takes_over;
                    let given_back = own.give_back(self.variant, attempt, fence);
                    // Those with an older fence are lost, whenever they arrive.
                    state.sent.retain(|message| !message.gives_back(attempt));
                    state.sent.insert(given_back);
                } else {
                    own.phase = Phase::Withheld;
                }
                return;
            }
            _ => return,
        };
        own.life = state.truth.life;
        own.phase = match admission {
            Admission::Started {
                fence, takes_over, ..
            } => {
                own.takes_over = takes_over;
                let is_late = state.now >= since + self.lease;
                if is_late && self.variant != Variant::RunsLate {
                    // Another attempt may hold the key by now.
                    let given_back = own.give_back(self.variant, attempt, fence);
                    state.sent.insert(given_back);
                    if self.gives_back {
                        state.sent.insert(Message::Reclaim { attempt });
                        Phase::GivingBack
                    } else {
                        Phase::Withheld
                    }
                } else {
                    Phase::Claimed { fence }
                }
            }
            Admission::Replay(response) => Phase::Answered(response),
            Admission::Unknown { .. } => Phase::ToldUnknown,
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
