//! The rules that a request matches.

/// The number of rules that have a bit. The numbers of later ones are listed.
const BITS: usize = u64::BITS as usize;

/// Numbers of rules, in their order. Costs no allocation for the first 64.
#[derive(Debug, Clone, Default)]
pub(super) struct MatchedRules {
    first: u64,
    later: Vec<usize>,
}

impl MatchedRules {
    /// Adds a rule, in any order. [`sort`](Self::sort) comes before anything else is done.
    pub(super) fn insert(&mut self, rule: usize) {
        if rule < BITS {
            self.first |= 1 << rule;
        } else {
            self.later.push(rule);
        }
    }

    /// Puts the rules into their order, each once.
    pub(super) fn sort(&mut self) {
        self.later.sort_unstable();
        self.later.dedup();
    }

    /// Keeps the rules for which `stays` returns `true`. Asks for each once, in their order.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(usize) -> bool) {
        for rule in bits(self.first) {
            if !stays(rule) {
                self.first &= !(1 << rule);
            }
        }
        self.later.retain(|rule| stays(*rule));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        bits(self.first).chain(self.later.iter().copied())
    }
}

/// The numbers of the bits that are set.
fn bits(mut left: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = left.trailing_zeros() as usize;
        // The lowest bit that is set is taken away.
        left &= left.checked_sub(1)?;
        Some(lowest)
    })
}
