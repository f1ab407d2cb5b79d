use std::hash::{BuildHasher, RandomState};

use crate::semantics::condition::range::Boundary;

/// A source of boundaries, which tests can fix.
pub(crate) type DrawBoundary = fn() -> Boundary;

/// Returns a boundary with 128 random bits.
///
/// A client that knew the boundary before it wrote the content could forge a part. The randomness
/// is that of the standard library: the key of a [`RandomState`] comes from the operating system,
/// and none is used twice. So a boundary costs no system call.
pub(crate) fn draw_boundary() -> Boundary {
    let random = RandomState::new();
    let [high, low] = [0, 1].map(|half: u64| u128::from(random.hash_one(half)));
    Boundary::new(high << 64 | low)
}
