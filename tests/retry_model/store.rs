//! The store of the model, sound and faulty.

use std::time::Duration;

use tower_conditional::idempotency::{
    Admission, Claim, Fingerprint, KeyRecord, KeyState, Owner, Retention, Update,
};

/// The length of a lease, in ticks.
pub(crate) const LEASE: Duration = Duration::from_secs(2);

/// A store, and the fault that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Variant {
    Correct,
    /// A record goes when its lease ends.
    LeaseIsRetention,
    /// A lost attempt is taken over although nobody asked for it.
    SilentTakeover,
    /// A claim reads, and writes in a second step.
    GetThenSet,
    /// Whoever releases, does.
    ReleaseWithoutOwner,
    /// A completion is acknowledged to whoever sends it, and overwrites.
    BlindComplete,
    /// An attempt runs although its claim was not acknowledged. The store is sound.
    RunsUnanswered,
}

pub(crate) type Response = u8;

pub(crate) type Slot = Option<KeyRecord<Response>>;

pub(crate) fn owner(attempt: usize) -> Owner {
    Owner::from([u8::try_from(attempt).expect("few attempts") + 1; 16])
}

pub(crate) fn claim(attempt: usize, takeover: bool) -> Claim {
    Claim::new(Fingerprint::custom("request"), owner(attempt))
        .with_lease(LEASE)
        .with_takeover(takeover)
        .with_retention(Retention::new(Duration::from_secs(1_000)))
}

impl Variant {
    pub(crate) fn begin(
        self,
        slot: &mut Slot,
        attempt: usize,
        takeover: bool,
        now: Duration,
    ) -> Admission<Response> {
        let mut claim = claim(attempt, takeover);
        match self {
            Self::SilentTakeover => claim.takeover = true,
            Self::LeaseIsRetention
                if slot.as_ref().is_some_and(|record| record.is_unknown(now)) =>
            {
                *slot = None;
            }
            _ => {}
        }
        KeyRecord::begin(slot, &claim, now)
    }

    pub(crate) fn complete(
        self,
        slot: &mut Slot,
        attempt: usize,
        fence: u64,
        response: Response,
        now: Duration,
    ) -> Update {
        let Some(record) = slot else {
            return Update::Lost;
        };
        let update = record.complete(owner(attempt), fence, response, now);
        if self == Self::BlindComplete && update == Update::Lost {
            // Written over whatever is there.
            let mut fresh = None;
            let own = claim(attempt, false);
            let _ = KeyRecord::begin(&mut fresh, &own, now);
            if let Some(fresh) = &mut fresh {
                let _ = fresh.complete(own.owner, fresh.fence(), response, now);
            }
            *slot = fresh;
            return Update::Applied;
        }
        update
    }

    pub(crate) fn release(
        self,
        slot: &mut Slot,
        attempt: usize,
        fence: u64,
        now: Duration,
    ) -> Update {
        let Some(record) = slot else {
            return Update::Lost;
        };
        if self == Self::ReleaseWithoutOwner {
            if matches!(record.state(), KeyState::Released) {
                return Update::Applied;
            }
            *slot = None;
            return Update::Applied;
        }
        record.release(owner(attempt), fence, now)
    }
}
