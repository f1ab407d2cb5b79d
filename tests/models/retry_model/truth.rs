//! The facts that a sound store keeps to, noted without the store's rules.

use tower_conditional::idempotency::KeyState;

use crate::store::{KeySlot, Response};

/// The end of a request, which a store keeps for its retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Completed(Response),
    Sealed,
}

/// The attempt that was the last to claim the key, and has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    pub(crate) attempt: usize,
    pub(crate) fence: u64,
    pub(crate) lease_until: u64,
    /// The attempt follows one that was lost.
    pub(crate) takes_over: bool,
}

/// The facts, and what was seen that contradicts them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Truth {
    pub(crate) holder: Option<Holder>,
    /// The end, and the time until which it is kept.
    pub(crate) end: Option<(End, u64)>,
    /// The number of times that the key was used and has expired.
    pub(crate) life: u8,
    /// Somebody who does not hold the key has changed it.
    pub(crate) has_foreign_change: bool,
    /// The key became free although an attempt was lost.
    pub(crate) has_lost_unknown: bool,
}

impl Truth {
    /// A claim was started that changed the record. Returns `true` if its attempt held the key.
    pub(crate) fn start(&mut self, mut holder: Holder, now: u64, retention: u64) -> bool {
        let before = self.holder;
        let kept = before.filter(|before| now < before.lease_until + retention);
        let is_kept = kept.is_some();
        match kept {
            // It claims again. An attempt that it took over from is as lost as before.
            Some(before) if before.attempt == holder.attempt => {
                holder.takes_over = before.takes_over;
            }
            Some(_) if !holder.takes_over => self.has_lost_unknown = true,
            _ => {}
        }
        self.holder = Some(holder);
        let has_expired = self.end.is_some_and(|(_, until)| until <= now);
        if has_expired || before.is_some() && !is_kept {
            self.life += 1;
            self.end = None;
        }
        kept.is_some_and(|before| before.attempt == holder.attempt)
    }

    /// A step of an attempt has changed the record. Returns `true` if it holds the key.
    pub(crate) fn check_holder(&mut self, attempt: usize, fence: u64, now: u64) -> bool {
        let is_held = self.holder.is_some_and(|holder| {
            (holder.attempt, holder.fence) == (attempt, fence) && now < holder.lease_until
        });
        self.has_foreign_change |= !is_held;
        is_held
    }

    /// An operator's decision has changed the record. Returns `true` if its attempt is lost.
    pub(crate) fn check_resolved(&mut self, fence: u64, now: u64) -> bool {
        let is_lost = self
            .holder
            .is_some_and(|holder| holder.fence == fence && holder.lease_until <= now);
        self.has_foreign_change |= !is_lost;
        is_lost
    }

    /// Notes the end of the request. `None` frees the key.
    pub(crate) fn finish(&mut self, end: Option<End>, until: u64) {
        let holder = self.holder.take();
        if end.is_none() && holder.is_some_and(|holder| holder.takes_over) {
            self.has_lost_unknown = true;
        }
        self.end = end.map(|end| (end, until));
    }

    pub(crate) fn renew(&mut self, lease_until: u64) {
        if let Some(holder) = &mut self.holder {
            holder.lease_until = lease_until;
        }
    }

    /// Returns `true` if the store has the end, until its retention is over.
    pub(crate) fn is_end_kept(&self, slot: &KeySlot, now: u64) -> bool {
        let Some((end, _)) = self.end.filter(|(_, until)| now < *until) else {
            return true;
        };
        let state = slot.record.as_ref().map(|record| record.state());
        match end {
            End::Completed(response) => state == Some(&KeyState::Completed(response)),
            End::Sealed => matches!(state, Some(KeyState::Sealed(_))),
        }
    }

    /// Returns `true` if the store has the attempt, until its retention is over.
    pub(crate) fn is_unknown_kept(&self, slot: &KeySlot, now: u64, retention: u64) -> bool {
        let holder = self.holder;
        let Some(holder) = holder.filter(|holder| now < holder.lease_until + retention) else {
            return !self.has_lost_unknown;
        };
        let is_same = slot.record.as_ref().is_some_and(|record| {
            let is_in_flight = matches!(record.state(), KeyState::InFlight { .. });
            is_in_flight && record.fence() == holder.fence
        });
        is_same && !self.has_lost_unknown
    }
}
