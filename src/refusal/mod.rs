//! How a layer says no: an RFC 9457 problem, or what the user puts in its place.
//!
//! # The content of a refused request
//!
//! A client may still be sending when it is refused. If the server closed the
//! connection meanwhile, the client would see a reset in place of the answer. So
//! a layer that answers in place of the service deals with the content first:
//!
//! | Content | The answer waits | The answer over HTTP/1 | After the answer |
//! |---|---|---|---|
//! | none | no | as it is | |
//! | up to 64 KiB | until it has come: up to 250 ms for each frame, 1 s for all | as it is: the connection goes on | |
//! | not there in that time | that time | `Connection: close` | read, up to 2 MiB, 1 s for each frame, 10 s for all |
//! | longer, or longer than announced | no | `Connection: close` | the same |
//! | `Expect: 100-continue` | no | `Connection: close` | never read, so no 100 is sent |
//!
//! Beyond the limits the content is dropped, and a client that goes on sending
//! may then lose the answer. A client that sends slowly holds its connection
//! and nothing else: no lock, no place in a limit inside. A graceful shutdown waits
//! for that connection too. Over HTTP/2 the stream ends, and the connection goes on
//! in any case.
//!
//! The timer is that of tokio (feature `tokio`), whose runtime must have time
//! enabled. In another runtime, or without the feature, only content that has come
//! is read, and none after the answer.
//!
//! A service that answers without reading the content has the same problem: a
//! handler whose arguments are refused, a 401, 405 or 413, a 412 by a handler
//! that compares before it reads. With hyper such a client loses the answer at
//! times, whatever the size. No layer of this crate does anything about it, since the
//! service has the content by then. Take the content first, in `axum` with the
//! argument `Bytes` or `Json`, or answer with `Connection: close`.

use http::StatusCode;

use crate::semantics::{
    etag::EntityTag,
    precondition::{Condition, ConditionalFields},
};

mod problem;
mod renderer;
#[cfg(test)]
mod tests;

pub use problem::ProblemJson;
pub use renderer::RenderRefusal;
pub(crate) use renderer::Renderer;

/// A request that a layer refuses, before it has a body.
///
/// A 412 that replaces the response of a service has no extensions of that
/// response, apart from [`Outcome`](crate::Outcome).
///
/// It holds nothing that the client may not know: the tags that the client
/// sent and the current one, no keys and no internals (RFC 9457, section 5).
#[derive(Debug, Clone)]
pub struct Refusal {
    reason: Reason,
    expected: Vec<EntityTag>,
    current: Option<EntityTag>,
    accepts_json: bool,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// 412: this condition is false.
    PreconditionFailed(Condition),
    /// 412: this condition is malformed. It lists no entity tag and is not `*`.
    PreconditionMalformed(Condition),
    /// 412: the write found another state than the one that was expected.
    Superseded,
    /// 409: the same, and the request had no condition
    /// (RFC 5789, section 2.2).
    Conflict,
    /// 412: nobody knows the current state, or which resource the request is about.
    Unknown,
    /// 428: the method asks for a condition (RFC 6585, section 3).
    PreconditionRequired,
    /// 404: there is nothing to change.
    Absent,
    /// 503: the source of validators failed.
    SourceUnavailable,
    /// 503: too many writers wait for the same resource, or one for too long.
    Busy,
    /// 500: a handler wrote without looking at what was expected.
    Unchecked,
    /// 500: a write held its lock for too long and was given up.
    TimedOut,
}

impl Reason {
    /// Why a request is refused whose `condition`, one of its `fields`, is false.
    pub(crate) fn of_condition(condition: Condition, fields: &ConditionalFields) -> Self {
        if fields.is_malformed(condition) {
            Self::PreconditionMalformed(condition)
        } else {
            Self::PreconditionFailed(condition)
        }
    }

    /// The status that is sent.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::PreconditionFailed(_)
            | Self::PreconditionMalformed(_)
            | Self::Superseded
            | Self::Unknown => StatusCode::PRECONDITION_FAILED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Absent => StatusCode::NOT_FOUND,
            Self::SourceUnavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unchecked | Self::TimedOut => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Refusal {
    pub(crate) fn new(reason: Reason) -> Self {
        Self {
            reason,
            expected: Vec::new(),
            current: None,
            accepts_json: true,
        }
    }

    /// The refusal of a request whose `condition`, one of its `fields`, is false.
    pub(crate) fn of_condition(condition: Condition, fields: &ConditionalFields) -> Self {
        let refusal = Self::new(Reason::of_condition(condition, fields));
        match condition {
            Condition::IfMatch => refusal.expecting(fields),
            Condition::IfNoneMatch | Condition::IfUnmodifiedSince => refusal,
        }
    }

    /// With the tags of `If-Match`.
    pub(crate) fn expecting(self, fields: &ConditionalFields) -> Self {
        let tags = fields.tags(Condition::IfMatch);
        Self {
            expected: tags.map(EntityTag::from).collect(),
            ..self
        }
    }

    pub(crate) fn instead_of(self, current: Option<EntityTag>) -> Self {
        Self { current, ..self }
    }

    pub(crate) fn accepting_json(self, accepts_json: bool) -> Self {
        Self {
            accepts_json,
            ..self
        }
    }

    /// Why the request is refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The status that is sent.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.reason.status()
    }

    /// An absolute URI that names and documents this kind of problem.
    #[must_use]
    pub fn type_uri(&self) -> &'static str {
        match self.reason {
            Reason::PreconditionFailed(_)
            | Reason::PreconditionMalformed(_)
            | Reason::Superseded
            | Reason::Unknown => {
                "https://www.rfc-editor.org/rfc/rfc9110.html#name-412-precondition-failed"
            }
            Reason::Conflict => "https://www.rfc-editor.org/rfc/rfc9110.html#name-409-conflict",
            Reason::PreconditionRequired => "https://www.rfc-editor.org/rfc/rfc6585.html#section-3",
            Reason::Absent => "https://www.rfc-editor.org/rfc/rfc9110.html#name-404-not-found",
            Reason::SourceUnavailable | Reason::Busy => {
                "https://www.rfc-editor.org/rfc/rfc9110.html#name-503-service-unavailable"
            }
            Reason::Unchecked | Reason::TimedOut => {
                "https://www.rfc-editor.org/rfc/rfc9110.html#name-500-internal-server-error"
            }
        }
    }

    /// A summary that is the same for every problem of this type.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.status()
            .canonical_reason()
            .expect("every status used here has a name")
    }

    /// What happened, for the person who reads it.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        match self.reason {
            Reason::PreconditionFailed(Condition::IfMatch) => {
                "If-Match names no entity tag of the current representation."
            }
            Reason::PreconditionFailed(Condition::IfNoneMatch) => {
                "If-None-Match names the current representation."
            }
            Reason::PreconditionFailed(Condition::IfUnmodifiedSince) => {
                "The representation has changed since the date in If-Unmodified-Since."
            }
            Reason::PreconditionMalformed(Condition::IfMatch) => {
                "If-Match is malformed. Send the ETag that a GET gave, double quotes included, or *."
            }
            Reason::PreconditionMalformed(Condition::IfNoneMatch) => {
                "If-None-Match is malformed. Send * to create what does not exist yet, or an ETag \
                 with its double quotes."
            }
            Reason::PreconditionMalformed(Condition::IfUnmodifiedSince) => {
                "If-Unmodified-Since is malformed. Send the Last-Modified that a GET gave."
            }
            Reason::Superseded => {
                "Another write came first: the current state is not the one that was expected."
            }
            Reason::Unknown => {
                "The current state of this target is not known here, so no condition can be \
                 checked. Nothing was changed."
            }
            Reason::Conflict => "Another write came first. Read the current state and try again.",
            Reason::PreconditionRequired => {
                "Send If-Match with the ETag that a GET gave, or If-None-Match: * to create \
                 what does not exist yet."
            }
            Reason::Absent => "There is nothing here to change.",
            Reason::SourceUnavailable => {
                "The current state cannot be told at the moment. Nothing was changed."
            }
            Reason::Busy => "Too many writes of this resource are under way. Nothing was changed.",
            Reason::Unchecked => {
                "The handler changed the state without checking what the request expects."
            }
            Reason::TimedOut => {
                "The write did not end in time and was given up. Whether it took effect is not \
                 known."
            }
        }
    }

    /// The condition that is false, of a [`Reason::PreconditionFailed`] or a
    /// [`Reason::PreconditionMalformed`].
    #[must_use]
    pub fn condition(&self) -> Option<Condition> {
        match self.reason {
            Reason::PreconditionFailed(condition) | Reason::PreconditionMalformed(condition) => {
                Some(condition)
            }
            _ => None,
        }
    }

    /// The entity tags that the false condition named.
    #[must_use]
    pub fn expected(&self) -> &[EntityTag] {
        &self.expected
    }

    /// The current entity tag, where it is known.
    #[must_use]
    pub fn current(&self) -> Option<&EntityTag> {
        self.current.as_ref()
    }

    /// Whether the request's `Accept` allows JSON.
    #[must_use]
    pub fn accepts_json(&self) -> bool {
        self.accepts_json
    }
}
