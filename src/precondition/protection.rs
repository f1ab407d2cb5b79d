//! The protection that a write has.

use crate::semantics::condition::Requirement;
#[cfg(feature = "tokio")]
use crate::semantics::field::method::changes_target;

/// The ways in which a write is context from destroying what another one wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteProtection {
    /// The request has a condition that counts for a write.
    pub(super) is_conditional: bool,
    /// The condition that it must have.
    pub(super) required: Requirement,
    pub(super) serialization: Serialization,
}

/// The relation of a write to other writes of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serialization {
    /// The layer has no lock.
    Unlocked,
    /// The lock keeps other writes away between the check and the write.
    Locked,
    /// The layer has a lock, and no key of it for this request.
    KeyMissing,
}

impl WriteProtection {
    pub(super) fn new(is_conditional: bool, required: Requirement) -> Self {
        Self {
            is_conditional,
            required,
            serialization: Serialization::Unlocked,
        }
    }

    pub(super) fn requires_condition(self) -> bool {
        self.required != Requirement::Nothing
    }

    pub(super) fn has_nothing_to_check(self) -> bool {
        !self.is_conditional && !self.requires_condition()
    }

    /// Returns `true` if the request may write over another write: it has a condition, or
    /// changes what is there and need not have one.
    #[cfg(feature = "tokio")]
    pub(super) fn may_overwrite(self, method: &http::Method) -> bool {
        self.is_conditional || (changes_target(method) && !self.requires_condition())
    }
}
