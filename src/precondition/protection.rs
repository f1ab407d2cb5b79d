//! The protection of a write against lost updates.

use crate::semantics::condition::Requirement;
#[cfg(feature = "tokio")]
use crate::semantics::field::method::changes_target;

/// The protection of a write against lost updates: its condition, and the lock of the
/// layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteProtection {
    /// `true` if the request has a condition for a write.
    pub(super) is_conditional: bool,
    /// The condition that the request must have.
    pub(super) required: Requirement,
    pub(super) lock_state: LockState,
}

/// The order of a write among other writes of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockState {
    /// The layer has no lock.
    Unlocked,
    /// The lock keeps other writes out between the check and the write.
    Locked,
    /// The layer has a lock, but no key for this request.
    KeyMissing,
}

impl WriteProtection {
    pub(super) fn new(is_conditional: bool, required: Requirement) -> Self {
        Self {
            is_conditional,
            required,
            lock_state: LockState::Unlocked,
        }
    }

    pub(super) fn requires_condition(self) -> bool {
        self.required != Requirement::Nothing
    }

    pub(super) fn has_nothing_to_check(self) -> bool {
        !self.is_conditional && !self.requires_condition()
    }

    /// Returns `true` if the request may overwrite another write. It has a condition, or it
    /// changes the resource and need not have one.
    #[cfg(feature = "tokio")]
    pub(super) fn may_overwrite(self, method: &http::Method) -> bool {
        self.is_conditional || (changes_target(method) && !self.requires_condition())
    }
}
