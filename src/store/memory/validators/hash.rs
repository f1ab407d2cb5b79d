use std::hash::{BuildHasher, Hasher, RandomState};

use crate::semantics::validator_cache::{CacheScope, ValidatorKey};

/// The first 64 bits of a target's digest. Two targets that share them share their writes, which
/// makes them slower and never stale.
pub(super) type TargetId = u64;

pub(super) fn id_of_key(key: &ValidatorKey) -> TargetId {
    target_id(key.as_bytes())
}

pub(super) fn id_of_scope(scope: &CacheScope) -> TargetId {
    target_id(scope.as_bytes())
}

fn target_id(digest: &[u8; 32]) -> TargetId {
    let (first, _) = digest.split_first_chunk().expect("32 bytes");
    TargetId::from_be_bytes(*first)
}

/// A hash of targets: one multiplication, since a digest is random already.
///
/// It is keyed, so that no client can choose paths whose digests collide in a table.
#[derive(Clone, Copy)]
pub(super) struct TargetHash {
    mask: u64,
    factor: u64,
}

impl TargetHash {
    pub(super) fn of(self, id: TargetId) -> u64 {
        let product = u128::from(id ^ self.mask) * u128::from(self.factor);
        (product >> 64) as u64 ^ product as u64
    }
}

impl Default for TargetHash {
    fn default() -> Self {
        let random = RandomState::new();
        let [mask, factor] = [0, 1].map(|number| random.hash_one(number));
        let factor = factor | 1;
        Self { mask, factor }
    }
}

impl BuildHasher for TargetHash {
    type Hasher = TargetHasher;

    fn build_hasher(&self) -> TargetHasher {
        TargetHasher {
            hash: *self,
            state: 0,
        }
    }
}

/// The [`TargetHash`] for tables of the standard library.
pub(super) struct TargetHasher {
    hash: TargetHash,
    state: u64,
}

impl Hasher for TargetHasher {
    fn write_u64(&mut self, id: u64) {
        self.state = self.hash.of(self.state ^ id);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
