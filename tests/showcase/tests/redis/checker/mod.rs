//! A checker of histories, which knows what clients have seen and nothing else.
//!
//! It shares no code with the layers or the stores. Unit tests give it histories that are right
//! and wrong, and compare it with the search of `stateright`.

mod operations;
mod orders;
mod pages;
#[cfg(test)]
mod searched;

use std::time::Duration;

pub(crate) use operations::{Origin, PageOperation, PageStep, WriteAnswer};
pub(crate) use orders::{OrderAnswer, OrderRequest, check_orders};
pub(crate) use pages::{Paused, check_page};

/// The time between a request and its answer, on one monotonic clock of all clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) invoked: Duration,
    /// The end of time if there was no answer.
    pub(crate) returned: Duration,
}

impl Interval {
    /// Returns `true` if the answer was there before the other request began.
    fn is_before(self, other: Self) -> bool {
        self.returned < other.invoked
    }
}

/// A fault of the service, as a text that names the operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// A 304 for content that an acknowledged write had replaced before the request began.
    StaleNotModified,
    /// Two writes have replaced the same content.
    LostUpdate,
    /// The content of a write that was refused, or that nobody sent.
    NeverWritten,
    /// No order of the operations explains all answers.
    NotLinearizable,
    /// A key has more orders than it may have.
    SecondExecution,
    /// Two answers to one key differ, or an answer has an order that is not there.
    DivergingReplay,
    /// A key that had its answer was in flight or unknown later.
    ForgottenAnswer,
}

impl Violation {
    fn new(rule: Rule, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { rule, evidence }
    }
}
