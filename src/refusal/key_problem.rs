use super::text::{ProblemText, text};

/// The reason why a request with an `Idempotency-Key` is refused.
///
/// Each has a problem type of its own, whose URI leads to the docs of the module `idempotency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyProblem {
    /// 400: the route requires a key.
    Missing,
    /// 400: the header is no string of 1 to 255 characters.
    Malformed,
    /// 400: an upgrade, gRPC or a stream of events, whose response cannot be recorded.
    Unsupported,
    /// 400: the content ended with an error, so the request is not known.
    ContentIncomplete,
    /// 403: nobody knows whose key it is.
    PrincipalMissing,
    /// 413: the content is longer than a request with a key may have.
    ContentTooLarge,
    /// 422: the key belongs to another request.
    Reused,
    /// 409: the first request with this key is running.
    InFlight,
    /// 409: the request was performed, and its response cannot be repeated.
    Sealed,
    /// 409: the last attempt was lost. Nobody knows if the request was performed.
    OutcomeUnknown,
    /// 409: the key was used so long ago that its response is no longer kept.
    Expired,
    /// 425: the request came in TLS early data, which an attacker may repeat.
    TooEarly,
    /// 500: the handler of a transactional route answered a success without recording it.
    NotTransactional,
    /// 500: the handler took over from a lost attempt without asking if it does.
    NotResumed,
    /// 503: the store failed before the handler ran. Nothing was performed.
    StoreUnavailable,
    /// 503: the record cannot be decoded or decrypted. Nothing was performed this time.
    Unreadable,
    /// 503: the handler ran, and the store failed to record its response.
    Unrecorded,
    /// 503: the handler did not end in time. Nobody knows if the request was performed.
    TimedOut,
}

macro_rules! problem {
    ($name:ident $status:literal $title:literal, $fragment:literal, $detail:literal) => {
        text!(
            $name $status $title,
            "https://docs.rs/tower-conditional/latest/tower_conditional/idempotency/#" $fragment,
            $detail
        )
    };
}

impl KeyProblem {
    /// Returns `true` if neither this request nor an earlier one with the key was performed, as
    /// far as the layer knows.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_before_handler(self) -> bool {
        matches!(
            self,
            Self::Missing
                | Self::Malformed
                | Self::Unsupported
                | Self::ContentIncomplete
                | Self::PrincipalMissing
                | Self::ContentTooLarge
                | Self::Reused
                | Self::TooEarly
                | Self::StoreUnavailable
        )
    }

    /// Returns `true` if this request or an earlier one with the key may have been performed. A
    /// request that is running does not count.
    #[cfg(feature = "tokio")]
    pub(crate) fn may_follow_write(self) -> bool {
        !self.is_before_handler() && self != Self::InFlight
    }

    pub(super) fn text(self) -> &'static ProblemText {
        match self {
            Self::Missing => problem!(
                BAD_REQUEST 400 "Idempotency Key Missing", "missing",
                "Send Idempotency-Key with a new random string in double quotes, and the same one when you try again."
            ),
            Self::Malformed => problem!(
                BAD_REQUEST 400 "Idempotency Key Malformed", "malformed",
                "Idempotency-Key is one string in double quotes, of 1 to 255 printable ASCII characters."
            ),
            Self::Unsupported => problem!(
                BAD_REQUEST 400 "Idempotency Key Unsupported", "unsupported",
                "The response to this request is a stream, which cannot be repeated. Send it without Idempotency-Key."
            ),
            Self::ContentIncomplete => problem!(
                BAD_REQUEST 400 "Content Incomplete", "content-incomplete",
                "The content of the request did not arrive whole. Nothing was performed. Try again with the same key."
            ),
            Self::PrincipalMissing => problem!(
                FORBIDDEN 403 "Principal Missing", "principal-missing",
                "Idempotency-Key is accepted from authenticated callers only. Nothing was performed."
            ),
            Self::ContentTooLarge => problem!(
                PAYLOAD_TOO_LARGE 413 "Content Too Large", "content-too-large",
                "The content is longer than a request with Idempotency-Key may have. Nothing was performed."
            ),
            Self::Reused => problem!(
                UNPROCESSABLE_ENTITY 422 "Idempotency Key Reused", "reused",
                "This Idempotency-Key was sent with another request. Use a new one for each request."
            ),
            Self::InFlight => problem!(
                CONFLICT 409 "Request In Flight", "in-flight",
                "The first request with this Idempotency-Key is still running. Try again later with the same key."
            ),
            Self::Sealed => problem!(
                CONFLICT 409 "Response Not Repeatable", "sealed",
                "The request with this Idempotency-Key was performed, and its response cannot be repeated. It is not performed again."
            ),
            Self::OutcomeUnknown => problem!(
                CONFLICT 409 "Outcome Unknown", "outcome-unknown",
                "An earlier request with this Idempotency-Key was interrupted. It may or may not have taken effect, and is not performed again."
            ),
            Self::Expired => problem!(
                CONFLICT 409 "Idempotency Key Expired", "expired",
                "This Idempotency-Key was used before, and its response is no longer kept. The request is not performed again."
            ),
            Self::TooEarly => problem!(
                TOO_EARLY 425 "Too Early", "too-early",
                "The request came in TLS early data. Nothing was performed. Try again after the handshake."
            ),
            Self::NotTransactional => problem!(
                INTERNAL_SERVER_ERROR 500 "Effect Not Transactional", "not-transactional",
                "The request may have taken effect without being recorded. It is not performed again."
            ),
            Self::NotResumed => problem!(
                INTERNAL_SERVER_ERROR 500 "Attempt Not Resumed", "not-resumed",
                "An earlier request with this Idempotency-Key was interrupted, and this one did not continue it. It is not performed again."
            ),
            Self::StoreUnavailable => problem!(
                SERVICE_UNAVAILABLE 503 "Store Unavailable", "store-unavailable",
                "Idempotency keys are temporarily unavailable. This request was not performed. An earlier one with the key may have been. Try again with the same key."
            ),
            Self::Unreadable => problem!(
                SERVICE_UNAVAILABLE 503 "Record Unreadable", "unreadable",
                "This Idempotency-Key was used before, and its record cannot be read. The request is not performed again."
            ),
            Self::Unrecorded => problem!(
                SERVICE_UNAVAILABLE 503 "Outcome Not Recorded", "unrecorded",
                "The request may have taken effect, and its response could not be recorded. Try again with the same key to find out."
            ),
            Self::TimedOut => problem!(
                SERVICE_UNAVAILABLE 503 "Attempt Timed Out", "timed-out",
                "The request did not end in time. It may or may not have taken effect."
            ),
        }
    }
}
