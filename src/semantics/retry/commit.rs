use std::fmt;

use http::StatusCode;

/// The end of a performed request, for its key.
///
/// As an extension of a response, it overrides the policy of the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Commit {
    /// The response is recorded, and retries get it.
    Record,
    /// The key is free again: nothing happened, and a retry is performed.
    Release,
    /// The request is never performed again, and retries are refused with 409.
    Seal,
    /// Nobody knows if the request was performed, such as after a `COMMIT` without an answer.
    /// The attempt counts as lost, and an operator can settle the key.
    Unknown,
}

impl Commit {
    /// Returns the default for a status.
    ///
    /// A 408, 425 or 429 tells the client to try again. A 428 asks for the same request with a
    /// header that the fingerprint does not cover (RFC 6585, section 3). A 5xx that the handler
    /// returned is an orderly end: the handler had its chance to roll back.
    pub(crate) fn default_for(status: StatusCode) -> Self {
        let asks_to_retry = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_EARLY
                | StatusCode::PRECONDITION_REQUIRED
                | StatusCode::TOO_MANY_REQUESTS
        );
        if asks_to_retry || status.is_server_error() {
            Self::Release
        } else {
            Self::Record
        }
    }
}

/// The reason why a key has no response to repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SealReason {
    /// The content is longer than the limit for recorded responses.
    TooLarge,
    /// The response cannot be repeated: a stream, one with trailers, or an upgrade.
    Unrepeatable,
    /// The policy or the handler sealed the key.
    Policy,
    /// An operator sealed the key.
    Operator,
    /// The store refused the response, for instance since it was full.
    Unrecorded,
}

impl SealReason {
    const ALL: [Self; 5] = [
        Self::TooLarge,
        Self::Unrepeatable,
        Self::Policy,
        Self::Operator,
        Self::Unrecorded,
    ];

    /// Returns a number from 1 to 255, for a store's column.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::TooLarge => 1,
            Self::Unrepeatable => 2,
            Self::Policy => 3,
            Self::Operator => 4,
            Self::Unrecorded => 5,
        }
    }

    /// Returns the reason that has this number. `None` for a number of a later version.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

impl fmt::Display for SealReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the response is too large to be recorded",
            Self::Unrepeatable => "the response is a stream, has trailers or is an upgrade",
            Self::Policy => "sealed by the application",
            Self::Operator => "sealed by an operator",
            Self::Unrecorded => "the store refused the response",
        })
    }
}
