//! A plain model of a key, written from the documentation.

use std::time::Duration;

use bytes::Bytes;
use tower_conditional::idempotency::{
    Admission, Claim, Fingerprint, Owner, Retention, SealReason, Update,
};

use crate::seeded::Draw;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ModelState {
    Running { until: u64 },
    Paid(Bytes),
    Sealed(SealReason),
    Free,
}

/// A key by the rules of the documentation.
#[derive(Debug, Clone)]
pub(crate) struct ModelKey {
    request: u8,
    owner: u8,
    pub(crate) fence: u64,
    attempt: u32,
    takes_over: bool,
    state: ModelState,
    replay: u64,
    pub(crate) tombstone: u64,
    pub(crate) expires: u64,
}

impl ModelKey {
    pub(crate) fn begins(
        key: &mut Option<Self>,
        claim: &RandomClaim,
        now: u64,
    ) -> Admission<Bytes> {
        let (takes_over, is_next) = match key {
            None => (false, true),
            Some(old) if old.expires + old.tombstone <= now => (false, true),
            Some(old) if old.state == ModelState::Free && old.owner != claim.owner => (false, true),
            Some(old) if old.state == ModelState::Free => return old.started(),
            Some(old) if old.expires <= now => return Admission::Expired,
            Some(old) if old.request != claim.request => return Admission::Mismatch,
            Some(old) => match &old.state {
                ModelState::Paid(response) => return Admission::Replay(response.clone()),
                ModelState::Sealed(reason) => return Admission::Sealed(*reason),
                ModelState::Running { until } if now < *until && old.owner == claim.owner => {
                    return old.started();
                }
                ModelState::Running { until } if now < *until => {
                    // A client need not wait for longer than its own lease would last.
                    let left = (until - now).min(claim.lease);
                    return Admission::InFlight {
                        retry_after: Duration::from_millis(left),
                    };
                }
                // Its own claim is not the next attempt.
                _ if old.owner == claim.owner => (old.takes_over, false),
                _ if claim.takeover => (true, true),
                _ => return Admission::Unknown { fence: old.fence },
            },
        };
        let (fence, attempt) = key.as_ref().map_or((0, 0), |old| (old.fence, old.attempt));
        let until = now + claim.lease;
        let new = Self {
            request: claim.request,
            owner: claim.owner,
            fence: fence + 1,
            attempt: attempt + u32::from(is_next),
            takes_over,
            state: ModelState::Running { until },
            replay: claim.replay,
            tombstone: claim.tombstone,
            expires: until + claim.replay,
        };
        key.insert(new).started()
    }

    fn started(&self) -> Admission<Bytes> {
        Admission::Started {
            fence: self.fence,
            attempt: self.attempt,
            takes_over: self.takes_over,
        }
    }

    pub(crate) fn ends(&mut self, owner: u8, fence: u64, state: ModelState, now: u64) -> Update {
        let is_same_kind = match (&self.state, &state) {
            (ModelState::Paid(_), ModelState::Paid(_)) | (ModelState::Free, ModelState::Free) => {
                true
            }
            (ModelState::Sealed(one), ModelState::Sealed(other)) => one == other,
            _ => false,
        };
        let is_own = (self.owner, self.fence) == (owner, fence);
        let is_held = matches!(self.state, ModelState::Running { until } if now < until);
        if is_own && is_same_kind {
            return Update::Applied;
        }
        if !is_own || !is_held {
            return Update::Lost;
        }
        self.expires = now + self.replay;
        if let ModelState::Running { until } = state {
            self.expires = until + self.replay;
        }
        self.state = state;
        Update::Applied
    }

    pub(crate) fn resolves(&mut self, fence: u64, state: ModelState, now: u64) -> Update {
        if self.expires <= now {
            return Update::Lost;
        }
        if self.fence == fence + 1 && self.state == state {
            return Update::Applied;
        }
        let is_lost = matches!(self.state, ModelState::Running { until } if until <= now);
        if self.fence != fence || !is_lost {
            return Update::Lost;
        }
        self.fence += 1;
        self.expires = now + self.replay;
        self.state = state;
        Update::Applied
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct RandomClaim {
    request: u8,
    owner: u8,
    lease: u64,
    takeover: bool,
    replay: u64,
    pub(crate) tombstone: u64,
}

impl RandomClaim {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        Self {
            request: u8::from(draw.below(8) == 0),
            owner: owner(draw),
            lease: millis(draw),
            takeover: draw.coin(),
            replay: millis(draw),
            tombstone: millis(draw),
        }
    }

    pub(crate) fn of_store(self) -> Claim {
        let time = Duration::from_millis;
        let retention = Retention::new(time(self.replay)).with_tombstone(time(self.tombstone));
        let request = Fingerprint::custom([self.request]);
        Claim::new(request, Owner::from([self.owner; 16]))
            .with_lease(time(self.lease))
            .with_takeover(self.takeover)
            .with_retention(retention)
    }
}

/// Returns one of few values, so that times coincide.
pub(crate) fn millis(draw: &mut Draw) -> u64 {
    draw.pick(&[0, 1, 2, 10, 50, 100, 1000])
}

pub(crate) fn owner(draw: &mut Draw) -> u8 {
    draw.below(3) as u8
}
