use std::{borrow::Borrow, cell::LazyCell};

use http::{HeaderValue, Method};

use super::{Condition, ConditionalFields, Current, Decision};
use crate::semantics::{field::HttpDate, validator::ValidatorsRef};

/// The decision about a request whose method is not safe (RFC 9110, section 9.2.1),
/// before it is performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// Perform the method.
    Admit,
    /// 412: this condition is false.
    Failed(Condition),
    /// 428: a condition is required and there is none
    /// (RFC 6585, section 3).
    Required,
    /// 404: there is nothing to change, whatever the conditions say.
    Absent,
}

/// The condition that a request must have if its method is not safe (RFC 9110, section
/// 9.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Requirement {
    /// None.
    #[default]
    Nothing,
    /// Any that can keep it from being performed.
    Condition,
    /// One that names a state exactly: a tag in `If-Match`, or `If-None-Match: *`. A
    /// date cannot tell two writes of one second apart (RFC 9110, section 8.8.2.2), and
    /// `If-Match: *` holds for whatever is there.
    Tag,
}

impl<L: Borrow<HeaderValue>> ConditionalFields<L> {
    /// Decides if a request whose method is not safe may be performed.
    ///
    /// `required` asks for a condition; `creates` says that the method makes
    /// what is absent. A request that would get 404 without its conditions
    /// gets it with them (RFC 9110, section 13.2.1), and 404 comes before 428.
    /// A condition that is ignored, because its date is none or there is none
    /// to compare it with, is no condition. `now` is asked as in
    /// [`evaluate`](Self::evaluate).
    #[must_use]
    pub(crate) fn admit(
        &self,
        method: &Method,
        current: Current<ValidatorsRef<'_>>,
        required: Requirement,
        creates: bool,
        now: impl FnOnce() -> HttpDate,
    ) -> Admission {
        let now = LazyCell::new(now);
        let satisfied = match required {
            Requirement::Nothing => true,
            Requirement::Condition => self.guard_writes(current, || *now),
            // One that cannot be read is false, and not missing.
            Requirement::Tag => self.names_a_state() || self.malformed_guard(method).is_some(),
        };
        if !satisfied {
            return match current {
                Current::Absent if !creates => Admission::Absent,
                _ => Admission::Required,
            };
        }
        match self.evaluate(method, current, || *now) {
            // Only reads get 304, and they are performed.
            Decision::Proceed | Decision::NotModified => Admission::Admit,
            Decision::Failed(_) if matches!(current, Current::Absent) && !creates => {
                Admission::Absent
            }
            Decision::Failed(condition) => Admission::Failed(condition),
        }
    }

    fn names_a_state(&self) -> bool {
        self.tags(Condition::IfMatch).next().is_some() || self.is_any(Condition::IfNoneMatch)
    }
}
