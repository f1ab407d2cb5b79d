use std::fmt;

use http::{HeaderMap, StatusCode, header::WWW_AUTHENTICATE};

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
    /// Returns the default for a response that is no server error.
    ///
    /// A response that is about one attempt is no answer to the request. A retry may have other
    /// credentials, another connection, or other headers, which no fingerprint covers.
    pub(crate) fn default_for(status: StatusCode, headers: &HeaderMap, is_read: bool) -> Self {
        // Other credentials may help (RFC 9110, section 11.6.1), and replays lack the challenge.
        let asks_for_credentials =
            status.is_client_error() && headers.contains_key(WWW_AUTHENTICATE);
        let is_of_attempt = match status {
            // Answers to a condition, after which nothing was changed (RFC 9110, section 15.4.5).
            StatusCode::NOT_MODIFIED => true,
            // Answers to a `Range`, which only reads have (RFC 9110, section 14.2).
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => is_read,
            _ => is_about_attempt(status),
        };
        if is_of_attempt || asks_for_credentials {
            Self::Release
        } else {
            Self::Record
        }
    }
}

/// Returns `true` if a 4xx asks the client to send the same request once more: later, with
/// credentials, over another connection, or with other headers.
fn is_about_attempt(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::LENGTH_REQUIRED
            | StatusCode::EXPECTATION_FAILED
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::LOCKED
            | StatusCode::TOO_EARLY
            | StatusCode::UPGRADE_REQUIRED
            | StatusCode::PRECONDITION_REQUIRED
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    )
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
