use std::{fmt, time::Duration};

/// A store's promise about a 304 that is answered from its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Guarantee {
    /// Validators change in the transaction of the content. A stale 304 is impossible, whoever
    /// writes.
    Transactional,
    /// Every process shares one store that loses no acknowledged step. A stale 304 is impossible
    /// after writes that were announced.
    Strict,
    /// The same, unless the store fails over. A 304 may then be stale for this long.
    Bounded(Duration),
    /// The same as [`Strict`](Self::Strict), for the writes of this process alone.
    SingleProcess,
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transactional => f.write_str("transactional"),
            Self::Strict => f.write_str("strict"),
            Self::Bounded(bound) => write!(f, "bounded by {bound:?}"),
            Self::SingleProcess => f.write_str("strict in one process"),
        }
    }
}
