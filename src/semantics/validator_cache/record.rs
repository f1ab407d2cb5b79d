use std::time::Duration;

use super::{Grant, LeaseRequest, Writes};

/// The record of a key in a store, and the only rules by which it may change.
///
/// `E` is the remembered entry. Times are durations since an origin of the store's choice, on
/// the store's clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ValidatorRecord<E>(EntryState<E>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum EntryState<E> {
    Leased {
        grant: Grant,
        /// The time from which on another reader may get the lease.
        until: Duration,
    },
    Filled {
        entry: E,
        generation: u64,
        granted_at: Duration,
        expires: Duration,
    },
}

/// A store's answer to a lookup.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lookup<E> {
    /// The entry is that of the current state.
    Hit {
        /// The entry.
        entry: E,
        /// The time since the lookup of the reader that has filled it.
        age: Duration,
        /// The rest of its time to live.
        ttl: Duration,
    },
    /// There is no entry, and this reader may fill one.
    Leased {
        /// The lease.
        grant: Grant,
        /// There was an entry, which is void or too old.
        found_stale: bool,
    },
    /// There is no entry, and another reader may fill one.
    LeaseTaken,
    /// A write is announced. Nobody may fill an entry before it ends.
    WriteInProgress,
    /// There is no entry, and this reader did not ask for the lease.
    Miss {
        /// There is an entry, which is void or too old.
        found_stale: bool,
    },
}

impl<E> Lookup<E> {
    /// Changes the entry of a hit.
    #[must_use]
    pub fn map<T>(self, change: impl FnOnce(E) -> T) -> Lookup<T> {
        match self {
            Self::Hit { entry, age, ttl } => {
                let entry = change(entry);
                Lookup::Hit { entry, age, ttl }
            }
            Self::Leased { grant, found_stale } => Lookup::Leased { grant, found_stale },
            Self::LeaseTaken => Lookup::LeaseTaken,
            Self::WriteInProgress => Lookup::WriteInProgress,
            Self::Miss { found_stale } => Lookup::Miss { found_stale },
        }
    }
}

/// A store's answer to a reader that fills an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FillOutcome {
    /// The entry is stored.
    Stored,
    /// Nothing is stored: somebody wrote meanwhile, or the lease is not the reader's.
    Refused,
}

impl<E> ValidatorRecord<E> {
    /// Looks up the entry of `slot`, or leases it, in one step. Without a `lease` nothing changes.
    ///
    /// `writes` are those of the key, of everything, and of the scopes of its
    /// [`entry`](Self::entry). `generation` is that of the store's last change.
    pub fn lookup(
        slot: &mut Option<Self>,
        lease: Option<LeaseRequest>,
        writes: Writes,
        generation: u64,
        now: Duration,
    ) -> Lookup<&E> {
        if !slot
            .as_ref()
            .is_some_and(|record| record.is_current(writes, now))
        {
            return match lease {
                Some(request) => Self::lease(slot, request, writes, generation, now),
                None => Self::miss(slot.as_ref(), writes, now),
            };
        }
        match slot {
            Some(Self(EntryState::Filled {
                entry,
                expires,
                granted_at,
                ..
            })) => {
                let age = now.saturating_sub(*granted_at);
                let ttl = *expires - now;
                Lookup::Hit { entry, age, ttl }
            }
            _ => Lookup::LeaseTaken,
        }
    }

    fn lease<'a>(
        slot: &mut Option<Self>,
        request: LeaseRequest,
        writes: Writes,
        generation: u64,
        now: Duration,
    ) -> Lookup<&'a E> {
        let found_stale = match Self::miss(slot.as_ref(), writes, now) {
            Lookup::LeaseTaken => {
                return match slot {
                    // The same reader asks again, since the first answer was lost. A new grant
                    // would count for a read that is over.
                    Some(Self(EntryState::Leased { grant, .. })) if grant.id == request.id => {
                        let (grant, found_stale) = (*grant, false);
                        Lookup::Leased { grant, found_stale }
                    }
                    _ => Lookup::LeaseTaken,
                };
            }
            Lookup::Miss { found_stale } => found_stale,
            other => {
                // An entry or a lease that does not count now never does again.
                *slot = None;
                return other;
            }
        };
        let grant = Grant::new(request.id, generation, now);
        let until = now.saturating_add(request.ttl);
        *slot = Some(Self(EntryState::Leased { grant, until }));
        Lookup::Leased { grant, found_stale }
    }

    /// Returns the reason why there is no current entry.
    fn miss<'a>(slot: Option<&Self>, writes: Writes, now: Duration) -> Lookup<&'a E> {
        match slot {
            Some(Self(EntryState::Leased { grant, until }))
                // A lease from the future could last for years after a clock was set back.
                if grant.granted_at <= now && now < *until && writes.allow(grant) =>
            {
                Lookup::LeaseTaken
            }
            _ if writes.are_live(now) => Lookup::WriteInProgress,
            record => Lookup::Miss {
                found_stale: record.and_then(Self::entry).is_some(),
            },
        }
    }

    /// Gives the lease of a reader back. Any other lease stays, and so does an entry.
    pub fn release(slot: &mut Option<Self>, grant: &Grant) {
        if slot.as_ref().is_some_and(|record| record.is_held(grant)) {
            *slot = None;
        }
    }

    /// Stores the entry of a reader that has the lease, unless somebody has written since.
    ///
    /// `writes` are those of the key, of everything, and of the scopes of the new entry. The time
    /// to live counts from the lookup: a writer that announces nothing may write right after it.
    pub fn fill(
        slot: &mut Option<Self>,
        grant: &Grant,
        entry: E,
        ttl: Duration,
        writes: Writes,
        now: Duration,
    ) -> FillOutcome {
        if !slot.as_ref().is_some_and(|record| record.is_held(grant)) {
            return FillOutcome::Refused;
        }
        let expires = grant.granted_at.saturating_add(ttl);
        if expires <= now || !writes.allow(grant) {
            *slot = None;
            return FillOutcome::Refused;
        }
        *slot = Some(Self(EntryState::Filled {
            entry,
            generation: grant.generation,
            granted_at: grant.granted_at,
            expires,
        }));
        FillOutcome::Stored
    }

    /// Returns the entry, which may be void or too old.
    #[must_use]
    pub fn entry(&self) -> Option<&E> {
        match &self.0 {
            EntryState::Filled { entry, .. } => Some(entry),
            EntryState::Leased { .. } => None,
        }
    }

    fn is_held(&self, grant: &Grant) -> bool {
        matches!(&self.0, EntryState::Leased { grant: held, .. } if held == grant)
    }

    fn is_current(&self, writes: Writes, now: Duration) -> bool {
        match self.0 {
            EntryState::Filled {
                generation,
                granted_at,
                expires,
                ..
            } => {
                // An entry from the future would live longer than its time to live allows, after a
                // clock was set back.
                granted_at <= now && now < expires && writes.allow_read(generation, granted_at)
            }
            EntryState::Leased { .. } => false,
        }
    }
}
