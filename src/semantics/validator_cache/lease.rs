use std::time::Duration;

use super::OperationId;

/// A reader's wish for the lease of a key that has no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LeaseRequest {
    /// The read. A lookup that is delivered twice has the same.
    pub id: OperationId,
    /// The time for which no other reader gets the lease.
    pub ttl: Duration,
}

impl LeaseRequest {
    /// Creates a request with a lease of 10 seconds.
    #[must_use]
    pub fn new(id: OperationId) -> Self {
        let ttl = Duration::from_secs(10);
        Self { id, ttl }
    }

    /// Sets the time for which no other reader gets the lease. Defaults to 10 seconds.
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }
}

/// The lease of a reader: it may fill the entry, unless somebody writes meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant {
    pub(super) id: OperationId,
    pub(super) generation: u64,
    pub(super) granted_at: Duration,
}

impl Grant {
    /// Creates a grant of a store that keeps records in its own way.
    #[must_use]
    pub fn new(id: OperationId, generation: u64, granted_at: Duration) -> Self {
        Self {
            id,
            generation,
            granted_at,
        }
    }

    /// Returns the read.
    #[must_use]
    pub fn id(&self) -> OperationId {
        self.id
    }

    /// Returns the generation of the store at the lookup.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the time of the lookup, on the store's clock.
    #[must_use]
    pub fn granted_at(&self) -> Duration {
        self.granted_at
    }
}
