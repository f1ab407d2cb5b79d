//! The part of a cache that changes.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::Semaphore;

use super::{lease_waiters::LeaseWaiters, operation_ids::OperationIds};
use crate::semantics::validator_cache::WriteTarget;

/// The number of targets from which on everything is forgotten.
const MAX_TARGETS: usize = 1024;

/// The number of leases that are given back at the same time. Those beyond end by themselves.
const MAX_RETURNS: usize = 1024;

pub(super) struct CacheState {
    pub(super) ids: OperationIds,
    pub(super) waiters: LeaseWaiters,
    pub(super) soft: SoftInvalidations,
    /// The places of the tasks that give leases back.
    pub(super) return_places: Arc<Semaphore>,
    /// The gaps in which changes may be missed.
    suspensions: AtomicUsize,
    pub(super) stale: AtomicU64,
}

impl CacheState {
    pub(super) fn new() -> Self {
        Self {
            ids: OperationIds::new(),
            waiters: LeaseWaiters::default(),
            soft: SoftInvalidations::default(),
            return_places: Arc::new(Semaphore::new(MAX_RETURNS)),
            suspensions: AtomicUsize::new(0),
            stale: AtomicU64::new(0),
        }
    }

    /// Returns `true` if entries may be wrong at the moment, so that the handler is asked.
    pub(super) fn is_suspended(&self) -> bool {
        self.suspensions.load(Ordering::SeqCst) > 0 || self.soft.is_pending.load(Ordering::SeqCst)
    }
}

/// A time in which entries are not used. It ends when it is dropped.
pub(super) struct Suspension(Arc<CacheState>);

impl Suspension {
    pub(super) fn new(state: &Arc<CacheState>) -> Self {
        state.suspensions.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(state))
    }
}

impl Drop for Suspension {
    fn drop(&mut self) {
        self.0.suspensions.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The targets that the store has not forgotten yet. While there is one, entries are not used.
#[derive(Default)]
pub(super) struct SoftInvalidations {
    pending: Mutex<PendingTargets>,
    is_pending: AtomicBool,
}

#[derive(Default)]
struct PendingTargets {
    targets: HashSet<WriteTarget>,
    has_worker: bool,
}

impl SoftInvalidations {
    /// Adds targets. Returns `true` if the caller has to start a worker.
    pub(super) fn add(&self, targets: impl IntoIterator<Item = WriteTarget>) -> bool {
        let mut pending = self.lock();
        pending.add(targets);
        self.is_pending.store(true, Ordering::SeqCst);
        !std::mem::replace(&mut pending.has_worker, true)
    }

    /// Takes the targets, and gives those back that the store has not forgotten. If there are none,
    /// the work is over.
    pub(super) fn exchange(&self, unfinished: HashSet<WriteTarget>) -> HashSet<WriteTarget> {
        let mut pending = self.lock();
        pending.add(unfinished);
        let targets = std::mem::take(&mut pending.targets);
        if targets.is_empty() {
            // In one step, so that the next call starts another worker.
            pending.has_worker = false;
            self.is_pending.store(false, Ordering::SeqCst);
        }
        targets
    }

    /// Gives targets back and ends the work early. The next call starts another worker.
    pub(super) fn give_up(&self, unfinished: HashSet<WriteTarget>) {
        let mut pending = self.lock();
        pending.add(unfinished);
        pending.has_worker = false;
    }

    /// A panic of another task leaves the targets as they were.
    fn lock(&self) -> MutexGuard<'_, PendingTargets> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingTargets {
    fn add(&mut self, targets: impl IntoIterator<Item = WriteTarget>) {
        self.targets.extend(targets);
        if self.targets.len() > MAX_TARGETS {
            self.targets = HashSet::from([WriteTarget::All]);
        }
    }
}
