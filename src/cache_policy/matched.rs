//! The set of rules that match a request.

/// The number of rules that are stored as bits. The numbers of later ones are stored in a list.
const BITS: usize = u64::BITS as usize;

/// The numbers of rules in their order. The first 64 need no allocation.
#[derive(Debug, Clone, Default)]
pub(super) struct MatchedRules {
    first: u64,
    later: Vec<usize>,
}

impl MatchedRules {
    /// Adds a rule, in any order. Call [`sort`](Self::sort) before any other function.
    pub(super) fn insert(&mut self, rule: usize) {
        if rule < BITS {
            self.first |= 1 << rule;
        } else {
            self.later.push(rule);
        }
    }

    /// Sorts the rules and removes duplicates.
    pub(super) fn sort(&mut self) {
        self.later.sort_unstable();
        self.later.dedup();
    }

    /// Keeps the rules for which `stays` returns `true`. It is called once for each, in their order.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(usize) -> bool) {
        for rule in bits(self.first) {
            if !stays(rule) {
                self.first &= !(1 << rule);
            }
        }
        self.later.retain(|rule| stays(*rule));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + Clone {
        bits(self.first).chain(self.later.iter().copied())
    }
}

/// Returns the numbers of the bits that are set.
fn bits(mut left: u64) -> impl Iterator<Item = usize> + Clone {
    std::iter::from_fn(move || {
        let lowest = left.trailing_zeros() as usize;
        // This clears the lowest bit.
        left &= left.checked_sub(1)?;
        Some(lowest)
    })
}
