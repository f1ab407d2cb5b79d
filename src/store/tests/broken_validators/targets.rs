use super::{CacheFault, store::BrokenCache};
use crate::semantics::validator_cache::WriteTarget;

/// The faults of writes: their targets, and their effect on each.
impl BrokenCache {
    /// Returns the targets that a write is noted for.
    pub(super) fn targets(&self, targets: &[WriteTarget]) -> Vec<WriteTarget> {
        let mut targets = targets.to_vec();
        match self.fault {
            Some(CacheFault::WritesAll) => {
                let is_key = |target: &WriteTarget| matches!(target, WriteTarget::Key(_));
                if targets.iter().any(is_key) {
                    targets = vec![WriteTarget::All];
                }
            }
            Some(CacheFault::IgnoresAll) => targets.retain(|target| *target != WriteTarget::All),
            _ => {}
        }
        targets
    }

    /// Returns `true` if a write of the target makes earlier entries and leases void.
    pub(super) fn has_stamp(&self, target: WriteTarget) -> bool {
        match self.fault {
            Some(CacheFault::IntentWithoutStamp) => false,
            Some(CacheFault::ScopeWithoutStamp) => !matches!(target, WriteTarget::Scope(_)),
            _ => true,
        }
    }

    /// Returns `true` if an announced write blocks leases.
    pub(super) fn has_intent(&self, target: WriteTarget) -> bool {
        match self.fault {
            Some(CacheFault::LeaseWithoutIntent) => false,
            Some(CacheFault::ScopeWithoutIntent) => !matches!(target, WriteTarget::Scope(_)),
            _ => true,
        }
    }
}
