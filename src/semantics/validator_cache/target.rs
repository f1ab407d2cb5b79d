use std::{sync::Arc, time::Duration};

use super::{CacheScope, OperationId, ValidatorKey};

/// A part of the entries that a write or an operator touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WriteTarget {
    /// One entry.
    Key(ValidatorKey),
    /// All entries that were filled with this scope.
    Scope(CacheScope),
    /// All entries.
    All,
}

/// The announcement of a write, which a store acknowledges before the write is performed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteIntent {
    /// The write. An announcement that is delivered twice has the same.
    pub id: OperationId,
    /// Everything that the write may change.
    pub targets: Arc<[WriteTarget]>,
    /// The time after which the write cannot change anything any more. It is the limit of the
    /// handler and of its transaction.
    pub ttl: Duration,
}

impl WriteIntent {
    /// Creates the announcement of a write. Each target counts once.
    pub fn new(
        id: OperationId,
        targets: impl IntoIterator<Item = WriteTarget>,
        ttl: Duration,
    ) -> Self {
        let mut targets: Vec<_> = targets.into_iter().collect();
        targets.sort_unstable();
        targets.dedup();
        let targets = targets.into();
        Self { id, targets, ttl }
    }
}
