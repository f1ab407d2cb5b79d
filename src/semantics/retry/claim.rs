use std::time::Duration;

use super::{Fingerprint, Owner, SealReason};

/// An attempt's request to be the one that performs a key's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Claim {
    /// The identity of the request.
    pub fingerprint: Fingerprint,
    /// The attempt. A claim that is delivered twice has the same.
    pub owner: Owner,
    /// The time after which the attempt counts as lost, unless it renews its claim.
    pub lease: Duration,
    /// The attempt may take over from one that was lost. `false` by default.
    pub takeover: bool,
    /// The time for which the record is kept.
    pub retention: Retention,
}

impl Claim {
    /// Creates a claim with a lease of 30 seconds, without takeover.
    #[must_use]
    pub fn new(fingerprint: Fingerprint, owner: Owner) -> Self {
        Self {
            fingerprint,
            owner,
            lease: Duration::from_secs(30),
            takeover: false,
            retention: Retention::default(),
        }
    }

    /// Sets the lease. Defaults to 30 seconds.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Sets that the attempt may take over from one that was lost. Defaults to `false`.
    #[must_use]
    pub fn with_takeover(self, takeover: bool) -> Self {
        Self { takeover, ..self }
    }

    /// Sets the time for which the record is kept. Defaults to 24 hours, without a tombstone.
    #[must_use]
    pub fn with_retention(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }
}

/// The time for which a record is kept, on the store's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Retention {
    /// The time from the completion during which retries get the recorded response.
    pub replay: Duration,
    /// The time after that during which retries are told that the key has expired.
    pub tombstone: Duration,
}

impl Retention {
    /// Creates a retention without a tombstone.
    #[must_use]
    pub const fn new(replay: Duration) -> Self {
        Self {
            replay,
            tombstone: Duration::ZERO,
        }
    }

    /// Sets the time during which retries are told that the key has expired. Defaults to zero:
    /// a retry after the retention is a new request.
    #[must_use]
    pub const fn with_tombstone(self, tombstone: Duration) -> Self {
        Self { tombstone, ..self }
    }
}

impl Default for Retention {
    /// Returns 24 hours without a tombstone.
    fn default() -> Self {
        Self::new(Duration::from_secs(24 * 60 * 60))
    }
}

/// A store's answer to a [`Claim`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Admission<R> {
    /// The attempt performs the request. The claim is acknowledged.
    Started {
        /// A number that grows with each attempt for the key, and with each new lease of a claim
        /// that is repeated after its lease.
        fence: u64,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The attempt follows one that was lost, whose effects are unknown.
        takes_over: bool,
    },
    /// Another attempt performs the request now.
    InFlight {
        /// The rest of its lease.
        retry_after: Duration,
    },
    /// The request was performed, and this is its response.
    Replay(R),
    /// The request was performed or may have been, and its response cannot be repeated.
    Sealed(SealReason),
    /// The key belongs to another request.
    Mismatch,
    /// An attempt was lost. Nobody knows if the request was performed.
    Unknown {
        /// The fence of that attempt, for [`Resolution`](super::Resolution).
        fence: u64,
    },
    /// The key was used so long ago that its response is no longer kept. Only with a tombstone.
    Expired,
}

/// A store's answer to an attempt that changes its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[must_use]
pub enum Update {
    /// The change is made, by this call or by an earlier delivery of it.
    Applied,
    /// The attempt does not hold the key: its lease ran out, or another one took over.
    /// Nothing was changed.
    Lost,
}
