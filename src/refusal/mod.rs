//! The responses of layers that refuse a request: an RFC 9457 problem, or your own rendering.
//!
//! # How it works
//!
//! ## The content of a refused request
//!
//! A client may still be sending when its request is refused. If the server closes the
//! connection in the meantime, the client sees a reset instead of the response. So a layer
//! that refuses a request deals with the content first:
//!
//! | Content | The response waits | The response over HTTP/1 | After the response |
//! |---|---|---|---|
//! | none | no | unchanged | |
//! | up to 64 KiB | until the content has arrived: up to 250 ms for each frame, 1 s in total | unchanged: the connection stays open | |
//! | not complete in that time | that time | `Connection: close` | read, up to 2 MiB, 1 s for each frame, 10 s in total |
//! | longer than 64 KiB, or longer than announced | no | `Connection: close` | the same |
//! | `Expect: 100-continue` | no | `Connection: close` | never read, so no 100 is sent |
//!
//! Over HTTP/2 the stream ends, and the connection stays open in any case.
//!
//! # Limits
//!
//! Beyond these limits the content is dropped. A client that is still sending may then lose the
//! response. A slow client holds its connection, but no lock, and no slot of a concurrency
//! limit inside. A graceful shutdown waits for that connection.
//!
//! These times need tokio's timer (feature `tokio`), and a runtime with time enabled. In
//! another runtime, or without the feature, a layer reads only content that has already
//! arrived. It reads none after the response.
//!
//! # What it does not do
//!
//! A service that responds without reading the content has the same problem. Examples are a
//! handler whose arguments are rejected, a 401, 405 or 413, and a handler that sends a 412
//! before it reads. With hyper, such a client sometimes loses the response, even for short
//! content. The layers of this crate cannot help, since the service owns the content by then.
//! Read the content first, in `axum` with the argument `Bytes` or `Json`, or respond with
//! `Connection: close`.

use std::borrow::Borrow;

use http::{HeaderValue, StatusCode};

use crate::semantics::{
    condition::{Condition, ConditionalFields},
    field::OneOrMany,
    validator::TagRef,
};

mod key_problem;
mod problem;
mod render;
mod renderer;
#[cfg(test)]
mod tests;
mod text;

pub use key_problem::KeyProblem;
pub use problem::ProblemJson;
pub use render::RenderRefusal;
pub(crate) use renderer::Renderer;
use text::ProblemText;

/// A refused request, as a renderer sees it.
///
/// It contains nothing secret: only the tags that the client sent and the current tag, but no
/// keys and no internals (RFC 9457, section 5).
///
/// A 412 that replaces the response of a service keeps none of its extensions except
/// [`Outcome`](crate::Outcome).
#[derive(Debug, Clone)]
pub struct Refusal<'a> {
    reason: Reason,
    expected: OneOrMany<TagRef<'a>>,
    current: Option<TagRef<'a>>,
    accepts_json: bool,
    /// `true` if the request may create its target.
    creates: bool,
}

/// The reason for refusing a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The response is 412: this condition is false.
    PreconditionFailed(Condition),
    /// The response is 412: this condition is malformed. It is not `*` and lists no entity tag.
    PreconditionMalformed(Condition),
    /// The response is 412: another write came first (a prevented lost update).
    Superseded,
    /// The response is 409: another write came first, and the request had no condition (RFC 5789,
    /// section 2.2).
    Conflict,
    /// The response is 412: the current state, or the resource of the request, is unknown.
    Unknown,
    /// The response is 416: the representation has none of the requested bytes (RFC 9110, section
    /// 15.5.17).
    RangeNotSatisfiable,
    /// The response is 400: the request writes a part of its target, which the service cannot do
    /// (RFC 9110, section 14.5).
    PartialPut,
    /// The response is 428: the request has no condition, and needs one (RFC 6585, section 3).
    PreconditionRequired,
    /// The response is 404: the resource to change does not exist.
    Absent,
    /// The response is 503: the source of validators failed.
    SourceUnavailable,
    /// The response is 503: too many writers wait for a lock, or this one waited too long.
    Busy,
    /// The response is 500: a handler wrote without checking the expected state.
    Unchecked,
    /// The response is 500: a write held its lock for too long and was dropped.
    TimedOut,
    /// The response is 400: the content differs from `Content-Digest` or `Repr-Digest` (RFC 9530).
    DigestDiffers,
    /// The response is 400: `Content-Digest` or `Repr-Digest` is malformed.
    DigestMalformed,
    /// The response is 400: the request has content and no digest, and needs one.
    DigestRequired,
    /// A request with an `Idempotency-Key` cannot be performed, or its response not repeated.
    Key(KeyProblem),
}

impl Reason {
    /// Returns the reason for refusing a request with this false condition.
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

    /// Returns the status of the response.
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
            creates: true,
        }
    }

    /// Creates the refusal of a request with this false condition.
    pub(crate) fn of_condition<L: Borrow<HeaderValue>>(
        condition: Condition,
        fields: &'a ConditionalFields<L>,
    ) -> Self {
        // Only a false `If-Match` lists its tags. Those of a true one do not explain the
        // refusal.
        if condition == Condition::IfMatch {
            let refusal = Self::new(Reason::PreconditionFailed(condition)).with_expected(fields);
            if !refusal.expected().is_empty() {
                return refusal;
            }
        }
        Self::new(Reason::of_condition(condition, fields))
    }

    /// Sets the expected tags to those of `If-Match`. Defaults to none.
    pub(crate) fn with_expected<L: Borrow<HeaderValue>>(
        self,
        fields: &'a ConditionalFields<L>,
    ) -> Self {
        let expected = fields.tags(Condition::IfMatch).collect();
        Self { expected, ..self }
    }

    /// Sets the current tag. Defaults to none.
    pub(crate) fn with_current(self, current: Option<TagRef<'a>>) -> Self {
        Self { current, ..self }
    }

    /// Sets whether the client accepts JSON. Defaults to `true`.
    pub(crate) fn with_accepts_json(self, accepts_json: bool) -> Self {
        Self {
            accepts_json,
            ..self
        }
    }

    /// Sets whether the request may create its target. If not, no text recommends
    /// `If-None-Match: *`. Defaults to `true`.
    pub(crate) fn with_creates(self, creates: bool) -> Self {
        Self { creates, ..self }
    }

    fn text(&self) -> &'static ProblemText {
        match self.reason.text_without_creation() {
            Some(text) if !self.creates => text,
            _ => self.reason.text(),
        }
    }

    /// Returns the reason for the refusal.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.reason.status()
    }

    /// Returns the absolute URI that names and documents this kind of problem.
    #[must_use]
    pub fn type_uri(&self) -> &'static str {
        self.text().type_uri
    }

    /// Returns the title, which is the same for every problem of this type.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.text().title
    }

    /// Returns an explanation for people.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        self.text().detail
    }

    /// Returns the false condition of a [`Reason::PreconditionFailed`] or
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

    /// Returns the entity tags in the false `If-Match`.
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
