use std::{error::Error, fmt};

use bytes::Bytes;
use http::{Response, StatusCode};

use super::now;
use crate::{
    refusal::{Reason, Refusal, Renderer},
    semantics::{condition::Current, validator::Validators},
};

/// An error with which a handler responds 304: the client has the current representation (RFC
/// 9110, section 15.4.5).
#[derive(Debug, Clone, Default)]
pub struct NotModified(Validators);

impl NotModified {
    /// Creates a 304 with the current validators.
    #[must_use]
    pub fn new(validators: Validators) -> Self {
        Self(validators)
    }

    pub(super) fn of(current: Current) -> Self {
        Self(match current {
            Current::Present(validators) => validators,
            Current::Unknown | Current::Absent => Validators::new(),
        })
    }
}

impl fmt::Display for NotModified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client has the current representation (304)")
    }
}

impl Error for NotModified {}

/// A 304 must repeat other headers of the 200, such as `Cache-Control` and `Vary` (RFC 9110,
/// section 15.4.5). Set them with [`Validators::with_repeated`], or add them to the response.
impl<B: From<Bytes>> From<NotModified> for Response<B> {
    fn from(NotModified(validators): NotModified) -> Self {
        let mut response = Self::new(Bytes::new().into());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        validators.into_not_modified(response.headers_mut(), now);
        response
    }
}

/// An error with which a handler responds 412: the current state is not the one that the request
/// expects (RFC 9110, section 15.5.13).
///
/// A [`PreconditionLayer`](crate::PreconditionLayer) around the handler changes this
/// response in two cases:
///
/// - If the layer can get the current representation, it adds it to the 412.
/// - If the request has no condition, the response becomes a 409. A 412 to an unconditional
///   request means nothing (RFC 5789, section 2.2).
#[derive(Debug, Clone)]
#[must_use]
pub struct PreconditionFailed {
    reason: Reason,
    current: Option<Validators>,
}

impl PreconditionFailed {
    /// Creates a 412 without the current validators.
    pub fn new() -> Self {
        Self::from_reason(Reason::Superseded)
    }

    /// Creates a 412 with the current validators, so that the client can try again.
    pub fn with_current(validators: Validators) -> Self {
        Self {
            current: Some(validators),
            ..Self::new()
        }
    }

    pub(super) fn from_reason(reason: Reason) -> Self {
        Self {
            reason,
            current: None,
        }
    }

    pub(super) fn with_state(self, current: &Current) -> Self {
        Self {
            current: current.validators().cloned(),
            ..self
        }
    }

    /// Returns the current validators, if they are known.
    #[must_use]
    pub fn current(&self) -> Option<&Validators> {
        self.current.as_ref()
    }

    pub(crate) fn refusal(&self, reason: Reason) -> Refusal<'_> {
        let current = self.current.as_ref();
        Refusal::new(reason).with_current(current.and_then(|current| current.as_ref().etag))
    }

    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }
}

/// A problem document (RFC 9457) with the current validators.
impl<B: From<Bytes>> From<PreconditionFailed> for Response<B> {
    fn from(failed: PreconditionFailed) -> Self {
        let mut response = Renderer::default().respond(&failed.refusal(failed.reason));
        if let Some(current) = &failed.current {
            current.write_to(response.headers_mut(), now);
        }
        // Lets the layer around the handler recognize its own kind of 412.
        response.extensions_mut().insert(failed);
        response.map(B::from)
    }
}

impl fmt::Display for PreconditionFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the current state is not the one that the request expects (412)")
    }
}

impl Error for PreconditionFailed {}

impl Default for PreconditionFailed {
    fn default() -> Self {
        Self::new()
    }
}

/// An error with which a handler responds 304 or 412, because of the conditions of the request.
#[derive(Debug, Clone)]
#[must_use]
#[allow(clippy::exhaustive_enums)] // RFC 9110, section 13.2.2 has no other way out
pub enum PreconditionRejection {
    /// A 304 for a read whose client has the current representation.
    NotModified(NotModified),
    /// A 412 for a request with a false condition.
    Failed(PreconditionFailed),
}

impl fmt::Display for PreconditionRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotModified(not_modified) => not_modified.fmt(f),
            Self::Failed(failed) => failed.fmt(f),
        }
    }
}

impl Error for PreconditionRejection {}

impl<B: From<Bytes>> From<PreconditionRejection> for Response<B> {
    fn from(rejection: PreconditionRejection) -> Self {
        match rejection {
            PreconditionRejection::NotModified(not_modified) => not_modified.into(),
            PreconditionRejection::Failed(failed) => failed.into(),
        }
    }
}

impl From<NotModified> for PreconditionRejection {
    fn from(not_modified: NotModified) -> Self {
        Self::NotModified(not_modified)
    }
}

impl From<PreconditionFailed> for PreconditionRejection {
    fn from(failed: PreconditionFailed) -> Self {
        Self::Failed(failed)
    }
}
