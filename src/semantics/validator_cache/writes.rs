use std::time::Duration;

use super::{Grant, OperationId, intents::Intents};

/// The record of the writes of one target, and the only rules by which it may change.
///
/// Times are durations since an origin of the store's choice, on the store's clock. A store
/// passes its next generation to each change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct WriteRecord {
    /// The last change, and the end of the intents that ran out.
    past: Writes,
    intents: Intents,
}

/// The writes of one or more targets, as far as readers depend on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Writes {
    generation: u64,
    blocked_until: Duration,
}

/// A store's answer to the end of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[must_use]
pub enum WriteEnd {
    /// The write was announced until now.
    Ended,
    /// The announcement has run out, was lost, or was ended by an earlier delivery. If it ran out
    /// before the write, a 304 in between may have been stale.
    IntentLost,
}

impl WriteRecord {
    /// Announces a write. A write that is announced twice is one write.
    pub fn begin(&mut self, id: OperationId, ttl: Duration, generation: u64, now: Duration) {
        self.expire(now);
        let mut until = now.saturating_add(ttl);
        if let Some(end) = self.intents.remove(id) {
            if end <= now {
                self.block_until(end);
            }
            until = until.max(end);
        }
        if self.intents.is_full() {
            self.drop_expired(now);
            self.intents.grow();
        }
        self.intents.insert(id, until);
        self.invalidate(generation);
    }

    /// Announces a write that is not listed, since a store has no room for it. Nobody can end it, so
    /// the target is slow until it runs out.
    pub fn begin_unlisted(&mut self, ttl: Duration, generation: u64, now: Duration) {
        self.block_until(now.saturating_add(ttl));
        self.invalidate(generation);
    }

    /// Ends a write, whatever its result is.
    pub fn end(&mut self, id: OperationId, generation: u64, now: Duration) -> WriteEnd {
        self.expire(now);
        // A reader that was granted a lease before the end may have read the state before it.
        self.invalidate(generation);
        let end = self.intents.remove(id);
        if self.intents.is_empty() {
            self.intents = Intents::default();
        }
        match end {
            Some(end) if now < end => return WriteEnd::Ended,
            Some(end) => self.block_until(end),
            None => {}
        }
        // It may be one that is not listed.
        match now < self.past.blocked_until {
            true => WriteEnd::Ended,
            false => WriteEnd::IntentLost,
        }
    }

    /// Makes every entry and every lease of the target void.
    pub fn invalidate(&mut self, generation: u64) {
        self.past.generation = self.past.generation.max(generation);
    }

    /// Returns the writes of this target.
    #[must_use]
    pub fn writes(&self) -> Writes {
        Writes {
            generation: self.past.generation,
            blocked_until: self.past.blocked_until.max(self.latest_end()),
        }
    }

    /// Returns `true` if an announced write has not ended and not run out. Such a record must
    /// be kept.
    #[must_use]
    pub fn is_written(&self, now: Duration) -> bool {
        now < self.latest_end()
    }

    fn latest_end(&self) -> Duration {
        self.intents.latest_end().unwrap_or_default()
    }

    /// Returns the bytes that the list of intents takes.
    pub(crate) fn intent_bytes(&self) -> usize {
        self.intents.bytes()
    }

    /// Returns the bytes that one more intent adds at most.
    pub(crate) fn intent_growth(&self) -> usize {
        self.intents.growth()
    }

    /// The bytes that one intent takes.
    #[cfg(test)]
    pub(crate) const INTENT_BYTES: usize = Intents::INTENT_BYTES;

    /// Keeps only the end of intents that ran out. Readers of their time may have read the state
    /// before the write, so their leases stay void.
    pub(crate) fn drop_expired(&mut self, now: Duration) {
        if let Some(end) = self.intents.drain_expired(now) {
            self.block_until(end);
        }
    }

    /// Does so if all of them ran out, which is seen at once.
    fn expire(&mut self, now: Duration) {
        if let Some(end) = self.intents.latest_end().filter(|end| *end <= now) {
            self.block_until(end);
            self.intents = Intents::default();
        }
    }

    fn block_until(&mut self, end: Duration) {
        self.past.blocked_until = self.past.blocked_until.max(end);
    }
}

impl Writes {
    /// Returns the writes of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            generation: self.generation.max(other.generation),
            blocked_until: self.blocked_until.max(other.blocked_until),
        }
    }

    /// Returns `true` if the state that was read with this grant is still the current one.
    #[must_use]
    pub fn allow(&self, grant: &Grant) -> bool {
        self.allow_read(grant.generation, grant.granted_at)
    }

    /// Returns `true` if a write is announced and not ended.
    #[must_use]
    pub fn are_live(&self, now: Duration) -> bool {
        now < self.blocked_until
    }

    pub(super) fn allow_read(&self, generation: u64, granted_at: Duration) -> bool {
        // A write that was announced at the time of the grant changes the state at any moment
        // until it ends. Its end has a later generation, unless its writer died.
        self.generation <= generation && self.blocked_until <= granted_at
    }
}
