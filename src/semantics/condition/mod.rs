//! Conditional requests: which conditions a request carries, and what they
//! come to for the current state (RFC 9110, section 13).
//!
//! Uses `field`, `caching` and `validator`.

mod admission;
pub(crate) mod current_in_412;
mod evaluate;
mod fields;
pub(crate) mod not_modified;
mod request;
pub(crate) mod self_get;
pub(crate) mod state_ref;

use std::fmt;

use http::StatusCode;

use super::validator::{EntityTag, Validators, ValidatorsRef};

pub use admission::{Admission, Requirement};
pub use fields::ConditionalFields;
pub(crate) use request::RequestConditions;

/// What is known of the representation that a request selects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // the three states of existence are all there are
pub enum Current<V = Validators> {
    /// Nothing is known, so no condition is evaluated.
    #[default]
    Unknown,
    /// There is no current representation.
    Absent,
    /// There is one, with the validators that are known of it.
    Present(V),
}

impl Current {
    /// The validators, where there are any.
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

/// A representation with these validators.
impl From<Validators> for Current {
    fn from(validators: Validators) -> Self {
        Self::Present(validators)
    }
}

/// A representation with these validators.
impl From<&Validators> for Current {
    fn from(validators: &Validators) -> Self {
        Self::Present(validators.clone())
    }
}

/// `None` is that there is no current representation.
impl From<Option<Validators>> for Current {
    fn from(validators: Option<Validators>) -> Self {
        validators.map_or(Self::Absent, Self::Present)
    }
}

/// A representation with this tag.
impl From<EntityTag> for Current {
    fn from(etag: EntityTag) -> Self {
        Self::Present(etag.into())
    }
}

/// What a request's conditions ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // RFC 9110, section 13.2.2 has no other way out
pub enum Decision {
    /// Perform the method. `Range` and `If-Range`, where they apply, come next.
    Proceed,
    /// Answer 304: the client has this representation.
    NotModified,
    /// Answer 412: this condition is false.
    Failed(Condition),
}

impl Decision {
    /// Whether the decision stands for a request whose answer without
    /// conditions has this status; `ranged` says that it asked for a part.
    ///
    /// Conditions are for 2xx only (RFC 9110, section 13.2.1), and 304 is for
    /// what would be a 200 without its `Range`, which comes last (sections
    /// 13.2.2 and 15.4.5).
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
    /// The field's name as the standard writes it.
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
