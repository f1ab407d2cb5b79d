use std::{borrow::Borrow, cell::LazyCell};

use http::{HeaderValue, Method};

use super::{Condition, ConditionalFields, Current, Decision};
use crate::semantics::{field::HttpDate, validator::ValidatorsRef};

/// The decision about a request whose method is not safe (RFC 9110, section 9.2.1), before the
/// method is performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteAdmission {
    /// The method is performed.
    Admit,
    /// The response is 412: this condition is false.
    Failed(Condition),
    /// The response is 428: a required condition is missing (RFC 6585, section 3).
    Required,
    /// The response is 404: the resource to change does not exist.
    Absent,
}

/// The condition that a request must have if its method is not safe (RFC 9110, section 9.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Requirement {
    /// No condition is required.
    #[default]
    Nothing,
    /// The request needs any condition that can keep it from being performed.
    Condition,
    /// The request needs a condition that names one state: a tag in `If-Match`, or
    /// `If-None-Match: *`.
    ///
    /// A date cannot distinguish two writes in one second (RFC 9110, section 8.8.2.2).
    /// `If-Match: *` is true for every existing state.
    Tag,
}

impl<L: Borrow<HeaderValue>> ConditionalFields<L> {
    /// Decides whether a request may be performed whose method is not safe.
    ///
    /// `required` is the condition that the request needs. `creates` is `true` if the method
    /// creates a resource that does not exist.
    ///
    /// A request that would get 404 without conditions gets it with them, too (RFC 9110,
    /// section 13.2.1). 404 comes before 428. A date that is ignored does not count as a
    /// condition: one that is malformed, or that has no modification date to compare with.
    /// `now` is called as in [`evaluate`](Self::evaluate).
    #[must_use]
    pub(crate) fn admit(
        &self,
        method: &Method,
        current: Current<ValidatorsRef<'_>>,
        required: Requirement,
        creates: bool,
        now: impl FnOnce() -> HttpDate,
    ) -> WriteAdmission {
        let now = LazyCell::new(now);
        let satisfied = match required {
            Requirement::Nothing => true,
            Requirement::Condition => self.guards_writes(current, || *now),
            // A malformed condition is false, which is 412 and not 428.
            Requirement::Tag => self.names_one_state() || self.malformed_guard(method).is_some(),
        };
        if !satisfied {
            return match current {
                Current::Absent if !creates => WriteAdmission::Absent,
                _ => WriteAdmission::Required,
            };
        }
        match self.evaluate(method, current, || *now) {
            // Only safe methods get 304, and those are performed.
            Decision::Proceed | Decision::NotModified => WriteAdmission::Admit,
            Decision::Failed(_) if matches!(current, Current::Absent) && !creates => {
                WriteAdmission::Absent
            }
            Decision::Failed(condition) => WriteAdmission::Failed(condition),
        }
    }

    fn names_one_state(&self) -> bool {
        self.tags(Condition::IfMatch).next().is_some() || self.is_any(Condition::IfNoneMatch)
    }
}
