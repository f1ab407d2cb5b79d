use std::{collections::HashMap, time::Duration};

use crate::{
    semantics::validator_cache::{
        Grant, OperationId, ValidatorKey, ValidatorRecord, WriteRecord, WriteTarget,
    },
    store::validators::ValidatorEntry,
};

#[derive(Default)]
pub(super) struct CacheState {
    pub(super) slots: HashMap<ValidatorKey, Option<ValidatorRecord<ValidatorEntry>>>,
    /// The last lease of each key.
    pub(super) granted: HashMap<ValidatorKey, Grant>,
    pub(super) writes: HashMap<WriteTarget, TargetWrites>,
    pub(super) generation: u64,
}

/// The writes of a target, and those that are announced.
#[derive(Default)]
pub(super) struct TargetWrites {
    pub(super) record: WriteRecord,
    pub(super) announced: Vec<(OperationId, Duration)>,
}

impl TargetWrites {
    pub(super) fn are_forgotten(&self, now: Duration) -> bool {
        !self.announced.is_empty() && self.announced.iter().all(|(_, until)| *until <= now)
    }
}
