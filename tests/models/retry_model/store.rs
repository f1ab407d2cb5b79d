//! The store of the model, sound and faulty.

use std::{sync::LazyLock, time::Duration};

use tower_conditional::idempotency::{
    Admission, Claim, Fingerprint, KeyRecord, KeyState, Owner, Resolution, Retention, SealReason,
    Update,
};

/// A fault of the store or of the attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Variant {
    Correct,
    /// A lease that ran out is read as an absent record.
    LeaseIsAbsence,
    /// A lost attempt is taken over although nobody asked for it.
    SilentTakeover,
    /// A claim reads, and writes in a second step.
    GetThenSet,
    /// The owner alone tells who holds the key.
    NoFenceCheck,
    /// The fence alone tells who holds the key.
    NoOwnerCheck,
    /// Whoever releases, does.
    ReleaseWithoutOwner,
    /// A completion is acknowledged to whoever sends it, and overwrites.
    BlindComplete,
    /// A lease that ran out is renewed if nobody took over.
    RenewsLostLease,
    /// An operator's decision counts for any attempt.
    ResolvesAnyFence,
    /// A purge removes the attempts whose lease ran out.
    PurgesByLease,
    /// An attempt runs although its claim was not acknowledged. The store is sound.
    RunsUnanswered,
    /// An attempt runs although its claim was acknowledged after its lease. The store is sound.
    RunsLate,
    /// An attempt that took over and failed frees the key. The store is sound.
    FreesUnknown,
    /// An attempt that claims again after its lease is not told that it takes over.
    ForgetsTakeover,
    /// An attempt whose handler panicked gives its key back. The store is sound.
    GivesBackRun,
    /// An attempt seals its key although a completion may have been applied. The store is sound.
    SealsAmbiguous,
}

pub(crate) type Response = u8;

/// The response that an operator records.
pub(crate) const OPERATOR: Response = 100;

/// The place of the key in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct KeySlot {
    pub(crate) variant: Variant,
    pub(crate) record: Option<KeyRecord<Response>>,
    /// The attempt that was started last.
    last: usize,
}

fn owner(attempt: usize) -> Owner {
    Owner::from([response_of(attempt) + 1; 16])
}

/// Each execution has a response of its own, so that two of them are told apart.
pub(crate) fn response_of(attempt: usize) -> Response {
    u8::try_from(attempt).expect("few attempts")
}

pub(crate) fn claim(attempt: usize) -> Claim {
    static REQUEST: LazyLock<Fingerprint> = LazyLock::new(|| Fingerprint::custom("request"));
    Claim::new(*REQUEST, owner(attempt))
}

/// The shortest time by which a renewal can be late.
const INSTANT: Duration = Duration::from_nanos(1);

impl KeySlot {
    pub(crate) fn new(variant: Variant) -> Self {
        Self {
            variant,
            record: None,
            last: 0,
        }
    }

    fn has(&self, variant: Variant) -> bool {
        self.variant == variant
    }

    pub(crate) fn begin(
        &mut self,
        attempt: usize,
        mut claim: Claim,
        now: Duration,
    ) -> Admission<Response> {
        if self.has(Variant::SilentTakeover) {
            claim.takeover = true;
        }
        if self.has(Variant::LeaseIsAbsence) && self.is_unknown(now) {
            self.record = None;
        }
        let is_own = self.is_unknown(now) && self.last == attempt;
        let mut admission = KeyRecord::begin(&mut self.record, &claim, now);
        if let Admission::Started { takes_over, .. } = &mut admission
            && self.has(Variant::ForgetsTakeover)
            && is_own
        {
            *takes_over = false;
        }
        if matches!(admission, Admission::Started { .. }) {
            self.last = attempt;
        }
        admission
    }

    /// Returns the owner and the fence that a step is checked with.
    fn checked(&self, attempt: usize, fence: u64) -> (Owner, u64) {
        let stored = self.record.as_ref().map_or(fence, KeyRecord::fence);
        match self.variant {
            Variant::NoOwnerCheck => (owner(self.last), fence),
            Variant::NoFenceCheck => (owner(attempt), stored),
            _ => (owner(attempt), fence),
        }
    }

    pub(crate) fn renew(
        &mut self,
        attempt: usize,
        fence: u64,
        lease: Duration,
        now: Duration,
    ) -> Update {
        let (owner, fence) = self.checked(attempt, fence);
        let is_late = self.has(Variant::RenewsLostLease) && self.is_unknown(now);
        let Some(record) = &mut self.record else {
            return Update::Lost;
        };
        match record.state() {
            // As if it had come just in time.
            KeyState::InFlight { lease_until } if is_late => {
                let from = lease_until.saturating_sub(INSTANT);
                record.renew(owner, fence, lease + (now - from), from)
            }
            _ => record.renew(owner, fence, lease, now),
        }
    }

    pub(crate) fn complete(&mut self, attempt: usize, fence: u64, now: Duration) -> Update {
        let (owner, fence) = self.checked(attempt, fence);
        let response = response_of(attempt);
        let record = self.record.as_mut();
        let update = record.map_or(Update::Lost, |record| {
            record.complete(owner, fence, response, now)
        });
        if self.has(Variant::BlindComplete) && update == Update::Lost {
            self.record = None;
            let _ = self.begin(attempt, claim(attempt), now);
            let record = self.record.as_mut().expect("a claim makes a record");
            return record.complete(owner, record.fence(), response, now);
        }
        update
    }

    pub(crate) fn release(&mut self, attempt: usize, fence: u64, now: Duration) -> Update {
        let (owner, fence) = self.checked(attempt, fence);
        if self.has(Variant::ReleaseWithoutOwner) {
            self.record = None;
            return Update::Applied;
        }
        let record = self.record.as_mut();
        record.map_or(Update::Lost, |record| record.release(owner, fence, now))
    }

    pub(crate) fn seal(&mut self, attempt: usize, fence: u64, now: Duration) -> Update {
        let (owner, fence) = self.checked(attempt, fence);
        let record = self.record.as_mut();
        record.map_or(Update::Lost, |record| {
            record.seal(owner, fence, SealReason::TooLarge, now)
        })
    }

    pub(crate) fn resolve(
        &mut self,
        fence: u64,
        resolution: Resolution<Response>,
        now: Duration,
    ) -> Update {
        let is_unchecked = self.has(Variant::ResolvesAnyFence);
        let record = self.record.as_mut();
        record.map_or(Update::Lost, |record| {
            let fence = if is_unchecked { record.fence() } else { fence };
            record.resolve(fence, resolution, now)
        })
    }

    pub(crate) fn purge(&mut self, now: Duration) {
        let is_early = self.has(Variant::PurgesByLease) && self.is_unknown(now);
        let record = self.record.as_ref();
        if is_early || record.is_some_and(|record| record.is_forgotten(now)) {
            self.record = None;
        }
    }

    pub(crate) fn is_unknown(&self, now: Duration) -> bool {
        let record = self.record.as_ref();
        record.is_some_and(|record| record.is_unknown(now))
    }
}

/// Returns a retention that a model can wait for.
pub(crate) fn retention(ticks: u64) -> Retention {
    Retention::new(Duration::from_secs(ticks))
}
