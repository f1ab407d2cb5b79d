use std::time::Duration;

use bytes::Bytes;

use crate::{
    semantics::retry::{Admission, Claim, Fingerprint, KeyRecord, KeyState, RecordId, Update},
    store::Step,
};

#[derive(Default)]
pub(super) struct BrokenEntry {
    pub(super) record: Option<KeyRecord<Bytes>>,
    /// The last attempt.
    pub(super) holder: Option<Step>,
    pub(super) claimed_at: Duration,
    pub(super) lease: Duration,
    /// The end of the record, if its attempt renews nothing.
    pub(super) expires: Duration,
    /// The attempts that released the key.
    pub(super) released: Vec<Step>,
}

impl BrokenEntry {
    pub(super) fn begin(&mut self, id: RecordId, claim: &Claim, now: Duration) -> Admission<Bytes> {
        let admission = KeyRecord::begin(&mut self.record, claim, now);
        if let Admission::Started { fence, .. } = admission {
            let step = Step::new(id, claim.owner, fence);
            if self.holder.replace(step) != Some(step) {
                (self.claimed_at, self.lease) = (now, claim.lease);
                self.expires = (now + claim.lease).saturating_add(claim.retention.replay);
            }
        }
        admission
    }

    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&mut KeyRecord<Bytes>) -> Update,
    ) -> Update {
        self.record.as_mut().map_or(Update::Lost, change)
    }

    pub(super) fn lease_until(&self) -> Option<Duration> {
        match self.record.as_ref()?.state() {
            KeyState::InFlight { lease_until } => Some(*lease_until),
            _ => None,
        }
    }

    pub(super) fn is_unknown(&self, now: Duration) -> bool {
        self.record
            .as_ref()
            .is_some_and(|record| record.is_unknown(now))
    }

    pub(super) fn is_completed(&self) -> bool {
        let state = self.record.as_ref().map(KeyRecord::state);
        matches!(state, Some(KeyState::Completed(_)))
    }

    /// Writes a response over a completed one.
    pub(super) fn overwrite(&mut self, response: Bytes, now: Duration) {
        let Some(holder) = self.holder else { return };
        let claim = Claim::new(Fingerprint::custom("request"), holder.owner);
        self.record = None;
        self.begin(holder.id, &claim, now);
        let _ = self.change(|record| record.complete(holder.owner, 1, response, now));
    }
}
