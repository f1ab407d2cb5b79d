//! Random choices from a seed.

use std::{env, ops::Range};

/// The generator SplitMix64, which makes the same choices from the same seed on every machine.
#[derive(Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Returns the seeds of a campaign. Their number is in the variable `name`, or else `in_ci`. The
/// first is in `{name}_SEED`, or else 1.
pub(crate) fn seeds(name: &str, in_ci: u64) -> Range<u64> {
    let number = |name: &str, default| {
        env::var(name).map_or(default, |text| {
            text.parse()
                .unwrap_or_else(|_| panic!("{name} is {text:?}, not a number"))
        })
    };
    let first = number(&format!("{name}_SEED"), 1);
    first..first + number(name, in_ci)
}
