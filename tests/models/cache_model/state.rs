//! The state of the model.

use std::collections::BTreeSet;

use tower_conditional::store::validators::Grant;

use crate::{
    CacheModel,
    store::{ModelStore, Version},
};

/// A message to the store, which may arrive again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CacheMessage {
    /// A lookup, with the number of the read.
    Lookup(u8),
    /// A fill, with its reader. It is sent again as it was.
    Fill(u8),
    /// A release, with its reader.
    Release(u8),
    Begin(u8),
    End(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ReaderPhase {
    Idle,
    /// The handler is about to read.
    Leased(Grant),
    /// The handler has read this version.
    Read(Grant, Version),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Reader {
    pub(crate) phase: ReaderPhase,
    /// The number of reads that are over.
    pub(crate) reads: u8,
    /// The last fill that was sent.
    pub(crate) sent: Option<(Grant, Version)>,
    /// The last lease that was given back.
    pub(crate) released: Option<Grant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum WriterPhase {
    Idle,
    /// The announcement is acknowledged. It runs out at this time.
    Begun(u64),
    Committed,
    /// Ended, or dead.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CacheState {
    pub(crate) store: ModelStore,
    /// The state that a fail-over returns to. `None` after one.
    pub(crate) replica: Option<ModelStore>,
    pub(crate) now: u64,
    /// The committed version, and that of a replica of the database.
    pub(crate) version: Version,
    pub(crate) old_version: Version,
    pub(crate) readers: Vec<Reader>,
    pub(crate) writers: Vec<WriterPhase>,
    pub(crate) sent: BTreeSet<CacheMessage>,
    pub(crate) seen: Seen,
}

/// The things that have happened, for the properties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) stale: bool,
    pub(crate) stale_and_quiet: bool,
    /// A hit after a write that ended.
    pub(crate) hit_after_write: bool,
    pub(crate) refused: bool,
}

impl CacheState {
    pub(crate) fn new(model: &CacheModel) -> Self {
        let reader = Reader {
            phase: ReaderPhase::Idle,
            reads: 0,
            sent: None,
            released: None,
        };
        let store = ModelStore::new();
        Self {
            replica: model.fails_over.then(|| store.clone()),
            store,
            now: 0,
            version: 0,
            old_version: 0,
            readers: vec![reader; model.readers],
            writers: vec![WriterPhase::Idle; model.writers],
            sent: BTreeSet::new(),
            seen: Seen::default(),
        }
    }

    /// Notes a hit with this version.
    pub(crate) fn hit(&mut self, version: Version) {
        let is_quiet = |phase: &WriterPhase| matches!(phase, WriterPhase::Idle | WriterPhase::Gone);
        let is_quiet = self.writers.iter().all(is_quiet);
        let is_stale = version != self.version;
        self.seen.stale |= is_stale;
        self.seen.stale_and_quiet |= is_stale && is_quiet;
        self.seen.hit_after_write |= self.version > 0 && !is_stale;
    }
}
