use super::end::ExchangeEnd;
use crate::outcome::{Outcome, Verdict};

/// The result of an exchange as one word of a closed set, for labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExchangeResult {
    /// No layer evaluated conditions.
    Unevaluated,
    /// The request had no condition.
    Unconditional,
    /// All conditions were true, and the full response was sent.
    Proceeded,
    /// Conditions do not apply to the status of the response.
    NotEvaluated,
    /// 304.
    NotModified,
    /// 412: a condition was false, or the handler found another state than the expected one.
    PreconditionFailed,
    /// 204 in place of 412, since the write had been applied before.
    AlreadyApplied,
    /// 428: the request needed a condition and had none.
    PreconditionRequired,
    /// 503: the source of validators failed.
    SourceFailed,
    /// A recorded response was repeated.
    Replayed,
    /// The idempotency key was refused.
    KeyRefused,
    /// The content of the request differs from its digest, or its digest was refused.
    DigestRefused,
    /// The request was dropped before it had a response: the client disconnected, or a timeout
    /// outside was over.
    Cancelled,
    /// The service returned an error instead of a response.
    ServiceError,
    /// The handler or a layer panicked.
    Panicked,
    /// The content ended with an error.
    BodyError,
    /// The content was dropped before its end, or was shorter than announced.
    Incomplete,
}

impl ExchangeResult {
    /// All results.
    pub const ALL: [Self; 17] = [
        Self::Unevaluated,
        Self::Unconditional,
        Self::Proceeded,
        Self::NotEvaluated,
        Self::NotModified,
        Self::PreconditionFailed,
        Self::AlreadyApplied,
        Self::PreconditionRequired,
        Self::SourceFailed,
        Self::Replayed,
        Self::KeyRefused,
        Self::DigestRefused,
        Self::Cancelled,
        Self::ServiceError,
        Self::Panicked,
        Self::BodyError,
        Self::Incomplete,
    ];

    /// Returns the result as a label, such as `not_modified`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unevaluated => "unevaluated",
            Self::Unconditional => "unconditional",
            Self::Proceeded => "proceeded",
            Self::NotEvaluated => "not_evaluated",
            Self::NotModified => "not_modified",
            Self::PreconditionFailed => "precondition_failed",
            Self::AlreadyApplied => "already_applied",
            Self::PreconditionRequired => "precondition_required",
            Self::SourceFailed => "source_failed",
            Self::Replayed => "replayed",
            Self::KeyRefused => "key_refused",
            Self::DigestRefused => "digest_refused",
            Self::Cancelled => "cancelled",
            Self::ServiceError => "service_error",
            Self::Panicked => "panicked",
            Self::BodyError => "body_error",
            Self::Incomplete => "incomplete",
        }
    }

    /// Returns the result of an exchange. An exchange that broke off has no other result.
    pub(super) fn of(end: Option<ExchangeEnd>, outcome: &Outcome) -> Self {
        match end {
            None | Some(ExchangeEnd::Complete) => Self::of_outcome(outcome),
            Some(ExchangeEnd::Cancelled) => Self::Cancelled,
            Some(ExchangeEnd::ServiceError) => Self::ServiceError,
            Some(ExchangeEnd::Panicked) => Self::Panicked,
            Some(ExchangeEnd::BodyError) => Self::BodyError,
            Some(ExchangeEnd::Incomplete) => Self::Incomplete,
        }
    }

    fn of_outcome(outcome: &Outcome) -> Self {
        // Layers inside may record a refusal of their own, since the content broke off.
        if outcome.is_digest_refused() {
            return Self::DigestRefused;
        }
        if outcome.is_replayed() {
            return Self::Replayed;
        }
        if outcome.key_problem().is_some() {
            return Self::KeyRefused;
        }
        match outcome.verdict() {
            None => Self::Unevaluated,
            Some(Verdict::Unconditional) => Self::Unconditional,
            Some(Verdict::Proceeded) => Self::Proceeded,
            Some(Verdict::NotEvaluated) => Self::NotEvaluated,
            Some(Verdict::NotModified) => Self::NotModified,
            Some(Verdict::Failed(_) | Verdict::Superseded) => Self::PreconditionFailed,
            Some(Verdict::AlreadyApplied) => Self::AlreadyApplied,
            Some(Verdict::Required) => Self::PreconditionRequired,
            Some(Verdict::SourceFailed) => Self::SourceFailed,
        }
    }
}
