use std::{error::Error, fmt, time::Duration};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

use super::BoxError;
use crate::semantics::field::lines;

/// An error returned by [`HttpPurger`](super::HttpPurger) and by the limits of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPurgeConfig {
    /// Requests cannot be sent to this base.
    Base,
    /// Nothing would ever be purged with this value of the limit of this name.
    Limit(&'static str),
}

impl fmt::Display for InvalidPurgeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => f.write_str(
                "a cache is at an absolute URI, without a query where paths go behind it",
            ),
            Self::Limit(name) => write!(f, "nothing can be purged with this `{name}`"),
        }
    }
}

impl Error for InvalidPurgeConfig {}

/// An error returned by a [`Purger`](super::Purger): a cache may still have what it was to
/// forget.
///
/// [`HttpPurger`](super::HttpPurger) returns it. A purger of your own may return any error,
/// and is then called again. It returns [`NotPurged::refused`] for a purge that no further
/// call would change.
#[derive(Debug)]
pub struct NotPurged {
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Answered {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    /// It would not mean the target alone.
    Ambiguous(&'static str),
    Unreachable(BoxError),
    Refused(BoxError),
}

impl NotPurged {
    /// Marks an error as final: the purge is not tried again.
    #[must_use]
    pub fn refused(error: impl Into<BoxError>) -> Self {
        Reason::Refused(error.into()).into()
    }

    pub(super) fn answered(status: StatusCode, headers: &HeaderMap) -> Self {
        let retry_after = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        )
        .then(|| seconds(headers))
        .flatten();
        let reason = Reason::Answered {
            status,
            retry_after,
        };
        reason.into()
    }

    pub(super) fn ambiguous(problem: &'static str) -> Self {
        Reason::Ambiguous(problem).into()
    }

    pub(super) fn unreachable(error: impl Into<BoxError>) -> Self {
        Reason::Unreachable(error.into()).into()
    }

    /// Returns the status of the cache's answer, if it answered.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.reason {
            Reason::Answered { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Returns `true` if a further try would end the same way.
    ///
    /// That is any 4xx except 408, 425 and 429 (RFC 9110, section 15.5), and a target that
    /// is not sent.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self.reason {
            Reason::Answered { status, .. } => {
                status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429)
            }
            Reason::Ambiguous(_) | Reason::Refused(_) => true,
            Reason::Unreachable(_) => false,
        }
    }

    /// Returns the pause that a 429 or 503 asks for in `Retry-After` (RFC 9110, section
    /// 10.2.3). A date there is not read.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.reason {
            Reason::Answered { retry_after, .. } => retry_after,
            _ => None,
        }
    }
}

fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let value = lines::only(headers, &RETRY_AFTER)?.to_str().ok()?;
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.then(|| value.parse().ok())??;
    Some(Duration::from_secs(seconds))
}

impl From<Reason> for NotPurged {
    fn from(reason: Reason) -> Self {
        Self { reason }
    }
}

impl fmt::Display for NotPurged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Answered { status, .. } => write!(f, "the cache answered {status}"),
            Reason::Ambiguous(problem) => write!(f, "the target is not sent: {problem}"),
            Reason::Unreachable(error) | Reason::Refused(error) => error.fmt(f),
        }
    }
}

impl Error for NotPurged {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Reason::Unreachable(error) | Reason::Refused(error) => error.source(),
            _ => None,
        }
    }
}
