use std::time::Duration;

use super::{Admission, Claim, Fingerprint, Owner, Retention, SealReason, Update};

/// The record of a key in a store, and the only rules by which it may change.
///
/// Times are durations since an origin of the store's choice, on the store's clock. `R` is a
/// recorded response.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyRecord<R>(RecordParts<R>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RecordParts<R> {
    pub(super) fingerprint: Fingerprint,
    pub(super) owner: Owner,
    pub(super) fence: u64,
    pub(super) attempt: u32,
    /// `true` if the attempt followed one that was lost.
    pub(super) takes_over: bool,
    pub(super) state: KeyState<R>,
    pub(super) retention: Retention,
    /// The time at which the record is no longer read.
    pub(super) expires: Duration,
}

/// The state of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyState<R> {
    /// An attempt performs the request. From the end of its lease on, the outcome is unknown.
    InFlight {
        /// The end of the lease, on the store's clock.
        lease_until: Duration,
    },
    /// The request was performed.
    Completed(R),
    /// The request is not performed again, and there is no response to repeat.
    Sealed(SealReason),
    /// The last attempt changed nothing. The record remains for its fence.
    Released,
}

/// The relation of a claim that is started to the attempt before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartKind {
    /// Nothing of an attempt before is in doubt.
    First,
    /// The same attempt claims again, after its lease.
    Resumed,
    /// The attempt before was lost.
    Takeover,
}

/// An operator's decision about a key whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution<R> {
    /// The request was performed, with this response.
    Complete(R),
    /// The request was not performed. A retry is.
    Release,
    /// The request must not be performed again.
    Seal,
}

impl<R: Clone> KeyRecord<R> {
    /// Decides a claim for the key of `slot`, in one step.
    pub fn begin(slot: &mut Option<Self>, claim: &Claim, now: Duration) -> Admission<R> {
        let Some(record) = slot.as_ref().filter(|record| !record.is_forgotten(now)) else {
            return Self::start(slot, claim, now, StartKind::First);
        };
        let is_own = record.0.owner == claim.owner;
        match &record.0.state {
            // A duplicate of a claim whose attempt has ended already. Nobody waits for its answer.
            KeyState::Released if is_own => record.started(),
            KeyState::Released => Self::start(slot, claim, now, StartKind::First),
            _ if record.is_expired(now) => Admission::Expired,
            _ if record.0.fingerprint.differs(&claim.fingerprint) => Admission::Mismatch,
            KeyState::Completed(response) => Admission::Replay(response.clone()),
            KeyState::Sealed(reason) => Admission::Sealed(*reason),
            KeyState::InFlight { lease_until } if now < *lease_until => {
                // The same attempt asks again, since the first answer was lost.
                if is_own {
                    return record.started();
                }
                let retry_after = *lease_until - now;
                Admission::InFlight { retry_after }
            }
            // Nobody took over or settled the key, and only the claimant knows that nothing ran.
            KeyState::InFlight { .. } if is_own => {
                Self::start(slot, claim, now, StartKind::Resumed)
            }
            KeyState::InFlight { .. } if claim.takeover => {
                Self::start(slot, claim, now, StartKind::Takeover)
            }
            KeyState::InFlight { .. } => Admission::Unknown {
                fence: record.0.fence,
            },
        }
    }

    fn start(
        slot: &mut Option<Self>,
        claim: &Claim,
        now: Duration,
        kind: StartKind,
    ) -> Admission<R> {
        // The fence never goes back, even if the record before was only not yet purged.
        let last = slot.as_ref();
        let fence = last.map_or(0, |last| last.0.fence).saturating_add(1);
        let last_attempt = last.map_or(0, |last| last.0.attempt);
        let (attempt, takes_over) = match kind {
            StartKind::First => (last_attempt.saturating_add(1), false),
            StartKind::Takeover => (last_attempt.saturating_add(1), true),
            // It is the same attempt, but its steps from before stay without effect.
            StartKind::Resumed => (last_attempt, last.is_some_and(|last| last.0.takes_over)),
        };
        let lease_until = now.saturating_add(claim.lease);
        let record = Self(RecordParts {
            fingerprint: claim.fingerprint,
            owner: claim.owner,
            fence,
            attempt,
            takes_over,
            state: KeyState::InFlight { lease_until },
            retention: claim.retention,
            // An attempt that is lost must not be forgotten before its lease has run out.
            expires: lease_until.saturating_add(claim.retention.replay),
        });
        slot.insert(record).started()
    }

    fn started(&self) -> Admission<R> {
        Admission::Started {
            fence: self.0.fence,
            attempt: self.0.attempt,
            takes_over: self.0.takes_over,
        }
    }
}

impl<R: PartialEq> KeyRecord<R> {
    /// Settles an attempt whose outcome is unknown, by an operator who found it out.
    pub fn resolve(&mut self, fence: u64, resolution: Resolution<R>, now: Duration) -> Update {
        if self.is_expired(now) {
            return Update::Lost;
        }
        let state = match resolution {
            Resolution::Complete(response) => KeyState::Completed(response),
            Resolution::Release => KeyState::Released,
            Resolution::Seal => KeyState::Sealed(SealReason::Operator),
        };
        // The operator takes the key over, so that the lost attempt's late steps stay without
        // effect.
        let taken_over = fence.saturating_add(1);
        // The answer to the first delivery was lost: the key is settled already.
        if self.0.fence == taken_over && self.0.state == state {
            return Update::Applied;
        }
        if self.0.fence != fence || !self.is_unknown(now) {
            return Update::Lost;
        }
        self.0.fence = taken_over;
        self.change(state, now);
        Update::Applied
    }
}

impl<R> KeyRecord<R> {
    pub(super) fn from_parts(parts: RecordParts<R>) -> Self {
        Self(parts)
    }

    pub(super) fn parts(&self) -> &RecordParts<R> {
        &self.0
    }

    /// Extends the lease of an attempt.
    pub fn renew(&mut self, owner: Owner, fence: u64, lease: Duration, now: Duration) -> Update {
        if !self.is_held_by(owner, fence, now) {
            return Update::Lost;
        }
        let lease_until = now.saturating_add(lease);
        self.0.state = KeyState::InFlight { lease_until };
        self.0.expires = lease_until.saturating_add(self.0.retention.replay);
        Update::Applied
    }

    /// Records the response of an attempt.
    pub fn complete(&mut self, owner: Owner, fence: u64, response: R, now: Duration) -> Update {
        let is_repeated = matches!(self.0.state, KeyState::Completed(_));
        self.end(
            owner,
            fence,
            is_repeated,
            KeyState::Completed(response),
            now,
        )
    }

    /// Frees the key: the attempt changed nothing.
    pub fn release(&mut self, owner: Owner, fence: u64, now: Duration) -> Update {
        let is_repeated = matches!(self.0.state, KeyState::Released);
        self.end(owner, fence, is_repeated, KeyState::Released, now)
    }

    /// Ends an attempt whose response cannot be repeated.
    pub fn seal(&mut self, owner: Owner, fence: u64, reason: SealReason, now: Duration) -> Update {
        let is_repeated = matches!(self.0.state, KeyState::Sealed(sealed) if sealed == reason);
        self.end(owner, fence, is_repeated, KeyState::Sealed(reason), now)
    }

    fn end(
        &mut self,
        owner: Owner,
        fence: u64,
        is_repeated: bool,
        state: KeyState<R>,
        now: Duration,
    ) -> Update {
        // The answer to the first delivery was lost: the change is made already.
        if is_repeated && self.0.owner == owner && self.0.fence == fence {
            return Update::Applied;
        }
        if !self.is_held_by(owner, fence, now) {
            return Update::Lost;
        }
        self.change(state, now);
        Update::Applied
    }

    fn change(&mut self, state: KeyState<R>, now: Duration) {
        self.0.state = state;
        // The retention counts from the completion (draft, section 2.3).
        self.0.expires = now.saturating_add(self.0.retention.replay);
    }

    /// Returns `true` if the attempt may change the record. An attempt whose lease ran out may
    /// not, even if nobody took over: others were told already that the outcome is unknown.
    #[must_use]
    pub fn is_held_by(&self, owner: Owner, fence: u64, now: Duration) -> bool {
        let is_live =
            matches!(self.0.state, KeyState::InFlight { lease_until } if now < lease_until);
        is_live && self.0.owner == owner && self.0.fence == fence
    }

    /// Returns `true` if the attempt was lost, so that its outcome is unknown.
    #[must_use]
    pub fn is_unknown(&self, now: Duration) -> bool {
        matches!(self.0.state, KeyState::InFlight { lease_until } if lease_until <= now)
    }

    /// Returns `true` if the record is no longer read.
    #[must_use]
    pub fn is_expired(&self, now: Duration) -> bool {
        self.0.expires <= now
    }

    /// Returns `true` if the record may be purged: its tombstone is over, too.
    #[must_use]
    pub fn is_forgotten(&self, now: Duration) -> bool {
        self.forgotten_at() <= now
    }

    /// Returns the time from which on the record may be purged.
    #[must_use]
    pub fn forgotten_at(&self) -> Duration {
        self.0.expires.saturating_add(self.0.retention.tombstone)
    }

    /// Returns the state.
    #[must_use]
    pub fn state(&self) -> &KeyState<R> {
        &self.0.state
    }

    /// Returns the fence of the last attempt.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.0.fence
    }

    /// Returns the number of the last attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }
}
