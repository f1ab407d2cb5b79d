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

use std::borrow::Borrow;

use http::{HeaderValue, StatusCode};

use crate::semantics::{
    condition::{Condition, ConditionalFields},
    field::OneOrMany,
    validator::TagRef,
};

mod problem;
mod render;
mod renderer;
#[cfg(test)]
mod tests;
mod text;

pub use problem::ProblemJson;
pub use render::RenderRefusal;
pub(crate) use renderer::Renderer;

/// A request that a layer refuses, before it has a body.
///
/// A 412 that replaces the response of a service has no extensions of that
/// response, apart from [`Outcome`](crate::Outcome).
///
/// It holds nothing that the client may not know: the tags that the client
/// sent and the current one, no keys and no internals (RFC 9457, section 5).
#[derive(Debug, Clone)]
pub struct Refusal<'a> {
    reason: Reason,
    expected: OneOrMany<TagRef<'a>>,
    current: Option<TagRef<'a>>,
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
    /// The reason for refusing a request whose `condition`, one of its `fields`, is false.
    pub(crate) fn of_condition<L: Borrow<HeaderValue>>(
        condition: Condition,
        fields: &ConditionalFields<L>,
    ) -> Self {
        if fields.is_malformed(condition) {
            Self::PreconditionMalformed(condition)
        } else {
            Self::PreconditionFailed(condition)
        }
    }

    /// The status that is sent.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.text().status
    }
}

impl<'a> Refusal<'a> {
    pub(crate) fn new(reason: Reason) -> Self {
        Self {
            reason,
            expected: OneOrMany::None,
            current: None,
            accepts_json: true,
        }
    }

    /// The refusal of a request whose `condition`, one of its `fields`, is false.
    pub(crate) fn of_condition<L: Borrow<HeaderValue>>(
        condition: Condition,
        fields: &'a ConditionalFields<L>,
    ) -> Self {
        if condition == Condition::IfMatch {
            let refusal = Self::new(Reason::PreconditionFailed(condition)).expecting(fields);
            if !refusal.expected().is_empty() {
                return refusal;
            }
        }
        Self::new(Reason::of_condition(condition, fields))
    }

    /// With the tags of `If-Match`.
    pub(crate) fn expecting<L: Borrow<HeaderValue>>(
        self,
        fields: &'a ConditionalFields<L>,
    ) -> Self {
        let expected = fields.tags(Condition::IfMatch).collect();
        Self { expected, ..self }
    }

    pub(crate) fn instead_of(self, current: Option<TagRef<'a>>) -> Self {
        Self { current, ..self }
    }

    pub(crate) fn accepting_json(self, accepts_json: bool) -> Self {
        Self {
            accepts_json,
            ..self
        }
    }

    /// Returns the reason for the refusal.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Returns the status that is sent.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.reason.status()
    }

    /// Returns the absolute URI that names and documents this kind of problem.
    #[must_use]
    pub fn type_uri(&self) -> &'static str {
        self.reason.text().type_uri
    }

    /// Returns a summary that is the same for every problem of this type.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.reason.text().title
    }

    /// Returns an explanation for the person who reads it.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        self.reason.text().detail
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

    /// Returns the entity tags that the false `If-Match` named.
    #[must_use]
    pub fn expected(&self) -> &[TagRef<'a>] {
        self.expected.as_slice()
    }

    /// Returns the current entity tag, if it is known.
    #[must_use]
    pub fn current(&self) -> Option<TagRef<'a>> {
        self.current
    }

    /// Returns `true` if the request's `Accept` allows JSON.
    #[must_use]
    pub fn accepts_json(&self) -> bool {
        self.accepts_json
    }
}
