use std::{mem::size_of, time::Duration};

use super::{Grant, OperationId};

/// The record of the writes of one target, and the only rules by which it may change.
///
/// Times are durations since an origin of the store's choice, on the store's clock. A store
/// passes its next generation to each change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct WriteRecord {
    /// The last change, and the end of the intents that ran out.
    past: Writes,
    intents: Vec<(OperationId, Duration)>,
    /// The latest end of the intents.
    live_until: Duration,
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
        let until = now.saturating_add(ttl);
        match self.intents.iter_mut().find(|(other, _)| *other == id) {
            Some((_, end)) => *end = until.max(*end),
            None => {
                // A target seldom has two writers at a time.
                self.intents.reserve_exact(1);
                self.intents.push((id, until));
            }
        }
        self.live_until = self.live_until.max(until);
        self.invalidate(generation);
    }

    /// Announces a write that is not listed, since a store has no room for it. Nobody can end it, so
    /// the target is slow until it runs out.
    pub fn begin_unlisted(&mut self, ttl: Duration, generation: u64, now: Duration) {
        let until = now.saturating_add(ttl);
        self.past.blocked_until = self.past.blocked_until.max(until);
        self.invalidate(generation);
    }

    /// Ends a write, whatever its result is.
    pub fn end(&mut self, id: OperationId, generation: u64, now: Duration) -> WriteEnd {
        self.expire(now);
        // A reader that was granted a lease before the end may have read the state before it.
        self.invalidate(generation);
        let Some(index) = self.intents.iter().position(|(other, _)| *other == id) else {
            // It may be one that is not listed.
            return match now < self.past.blocked_until {
                true => WriteEnd::Ended,
                false => WriteEnd::IntentLost,
            };
        };
        self.intents.swap_remove(index);
        if self.intents.is_empty() {
            self.intents = Vec::new();
        }
        self.live_until = self.latest_end();
        WriteEnd::Ended
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
            blocked_until: self.past.blocked_until.max(self.live_until),
        }
    }

    /// Returns `true` if an announced write has not ended and not run out. Such a record must
    /// be kept.
    #[must_use]
    pub fn is_written(&self, now: Duration) -> bool {
        self.intents.iter().any(|(_, until)| now < *until)
    }

    fn latest_end(&self) -> Duration {
        let ends = self.intents.iter().map(|(_, until)| *until);
        ends.max().unwrap_or_default()
    }

    /// Returns the bytes that the list of intents takes.
    pub(crate) fn intent_bytes(&self) -> usize {
        self.intents.capacity() * Self::INTENT_BYTES
    }

    /// The bytes that one intent takes.
    pub(crate) const INTENT_BYTES: usize = size_of::<(OperationId, Duration)>();

    /// Keeps only the end of intents that ran out. Readers of their time may have read the state
    /// before the write, so their leases stay void.
    fn expire(&mut self, now: Duration) {
        let past = &mut self.past;
        self.intents.retain(|(_, until)| {
            let is_live = now < *until;
            if !is_live {
                past.blocked_until = past.blocked_until.max(*until);
            }
            is_live
        });
        self.live_until = self.latest_end();
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
