use std::sync::atomic::{AtomicU64, Ordering};

use crate::semantics::validator_cache::OperationId;

/// The names of reads and writes: a random part for each cache, and a number.
///
/// A random name for each read would cost a system call.
pub(super) struct OperationIds {
    prefix: [u8; 8],
    next: AtomicU64,
}

impl OperationIds {
    pub(super) fn new() -> Self {
        Self {
            prefix: random_prefix(),
            next: AtomicU64::new(0),
        }
    }

    pub(super) fn next(&self) -> OperationId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.prefix);
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        bytes.into()
    }
}

/// Returns bytes that no other cache has. `RandomState` is the randomness of the standard
/// library, and differs for each call.
fn random_prefix() -> [u8; 8] {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new()
        .hash_one(std::process::id())
        .to_be_bytes()
}
