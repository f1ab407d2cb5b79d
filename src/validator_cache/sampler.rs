use std::sync::atomic::{AtomicU64, Ordering};

/// Selects a part of the 304s, spread evenly.
#[derive(Debug)]
pub(super) struct Sampler {
    /// The part of 2^32 that each 304 adds.
    step: u64,
    sum: AtomicU64,
}

impl Sampler {
    /// Creates a sampler. The rate is between 0 and 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the product is between 0 and 2^32"
    )]
    pub(super) fn new(rate: f64) -> Self {
        Self {
            // A rate that is not zero selects some.
            step: ((rate * (1_u64 << 32) as f64) as u64).max(1),
            sum: AtomicU64::new(0),
        }
    }

    /// Returns `true` if this 304 is to be checked.
    pub(super) fn selects(&self) -> bool {
        let before = self.sum.fetch_add(self.step, Ordering::Relaxed);
        (before >> 32) != (before.wrapping_add(self.step) >> 32)
    }
}
