//! Conditional requests: the conditions of a request, and their evaluation against the current
//! state (RFC 9110, section 13).
//!
//! Uses `field`, `caching` and `validator`.

mod admission;
pub(crate) mod current_in_412;
mod evaluate;
mod fields;
pub(crate) mod not_modified;
pub(crate) mod range;
mod request;
pub(crate) mod self_get;
pub(crate) mod state_ref;
#[cfg(test)]
mod tests;

use std::fmt;

use http::StatusCode;

use super::validator::{EntityTag, Validators, ValidatorsRef};

pub use admission::{Requirement, WriteAdmission};
pub use fields::ConditionalFields;
pub(crate) use request::RequestConditions;

/// The current state of the representation that a request selects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // the three states of existence are all there are
pub enum Current<V = Validators> {
    /// The state is unknown, so no condition is evaluated.
    #[default]
    Unknown,
    /// No current representation exists.
    Absent,
    /// A current representation exists, with these validators.
    Present(V),
}

impl Current {
    /// Returns the validators, if a representation exists.
    #[must_use]
    pub fn validators(&self) -> Option<&Validators> {
        match self {
            Self::Present(validators) => Some(validators),
            Self::Unknown | Self::Absent => None,
        }
    }

    /// Borrows the validators.
    pub(crate) fn as_ref(&self) -> Current<ValidatorsRef<'_>> {
        match self {
            Self::Unknown => Current::Unknown,
            Self::Absent => Current::Absent,
            Self::Present(validators) => Current::Present(validators.as_ref()),
        }
    }
}

/// [`Current::Present`] with these validators.
impl From<Validators> for Current {
    fn from(validators: Validators) -> Self {
        Self::Present(validators)
    }
}

/// [`Current::Present`] with these validators.
impl From<&Validators> for Current {
    fn from(validators: &Validators) -> Self {
        Self::Present(validators.clone())
    }
}

/// [`Current::Absent`] for `None`.
impl From<Option<Validators>> for Current {
    fn from(validators: Option<Validators>) -> Self {
        validators.map_or(Self::Absent, Self::Present)
    }
}

/// [`Current::Present`] with this tag.
impl From<EntityTag> for Current {
    fn from(etag: EntityTag) -> Self {
        Self::Present(etag.into())
    }
}

/// The result of evaluating the conditions of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // RFC 9110, section 13.2.2 has no other way out
pub enum Decision {
    /// The method is performed. `Range` and `If-Range` come next.
    Proceed,
    /// The response is 304: the client has this representation.
    NotModified,
    /// The response is 412: this condition is false.
    Failed(Condition),
}

impl Decision {
    /// Returns `true` if the decision applies to a request whose response without conditions
    /// has this status. `ranged` is `true` if the request has a `Range`.
    ///
    /// Conditions apply to 2xx only (RFC 9110, section 13.2.1). A 304 replaces a 200, or a 206
    /// that would be a 200 without the `Range`. A `Range` is evaluated last (sections 13.2.2
    /// and 15.4.5).
    #[must_use]
    pub fn applies_to(self, status: StatusCode, ranged: bool) -> bool {
        match self {
            Self::Proceed | Self::Failed(_) => status.is_success(),
            Self::NotModified => {
                status == StatusCode::OK || (status == StatusCode::PARTIAL_CONTENT && ranged)
            }
        }
    }
}

/// A condition that can make a request fail with 412.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// `If-Match` (RFC 9110, section 13.1.1).
    IfMatch,
    /// `If-None-Match` (RFC 9110, section 13.1.2).
    IfNoneMatch,
    /// `If-Unmodified-Since` (RFC 9110, section 13.1.4).
    IfUnmodifiedSince,
}

impl Condition {
    /// Returns the name of the header, as the standard writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IfMatch => "If-Match",
            Self::IfNoneMatch => "If-None-Match",
            Self::IfUnmodifiedSince => "If-Unmodified-Since",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
