use std::{error::Error, fmt, time::Duration};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

use crate::BoxError;
use crate::semantics::field::lines;

/// An error returned by the constructors of [`HttpPurger`](super::HttpPurger) and the setters of
/// `PurgeLimits`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPurgeConfig {
    /// The URI of a cache, shown without user and query, to which no requests can be sent.
    Base(String),
    /// A limit with which no purge would ever be sent.
    Limit {
        /// The name of the limit.
        name: &'static str,
        /// The value that was refused.
        value: String,
        /// The condition that a value has to meet.
        requirement: &'static str,
    },
}

#[cfg(feature = "tokio")]
impl InvalidPurgeConfig {
    pub(super) fn limit(
        name: &'static str,
        value: &dyn fmt::Display,
        requirement: &'static str,
    ) -> Self {
        let value = value.to_string();
        Self::Limit {
            name,
            value,
            requirement,
        }
    }

    pub(super) fn duration(name: &'static str, value: Duration, requirement: &'static str) -> Self {
        Self::Limit {
            name,
            value: format!("{value:?}"),
            requirement,
        }
    }
}

impl fmt::Display for InvalidPurgeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(uri) => write!(
                f,
                "invalid URI of a cache {uri:?}: it must be absolute, and have no query if paths \
                 are appended"
            ),
            Self::Limit {
                name,
                value,
                requirement,
            } => write!(f, "invalid limit `{name}` \"{value}\": {requirement}"),
        }
    }
}

impl Error for InvalidPurgeConfig {}

/// An error returned by [`HttpPurger`](super::HttpPurger): the cache may still have the responses.
///
/// A purger of your own may return any error, and is then called again. It returns
/// [`NotPurged::refused`] for a purge that no retry would change.
#[derive(Debug)]
pub struct NotPurged {
    reason: NotPurgedReason,
}

#[derive(Debug)]
enum NotPurgedReason {
    Answered {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    /// The target may mean more than one URL to the cache.
    Ambiguous {
        target: String,
        problem: AmbiguousTarget,
    },
    Unreachable(BoxError),
    Refused(BoxError),
}

impl NotPurged {
    /// Creates a final error: the purge is not retried.
    #[must_use]
    pub fn refused(error: impl Into<BoxError>) -> Self {
        NotPurgedReason::Refused(error.into()).into()
    }

    pub(super) fn answered(status: StatusCode, headers: &HeaderMap) -> Self {
        let retry_after = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        )
        .then(|| seconds(headers))
        .flatten();
        let reason = NotPurgedReason::Answered {
            status,
            retry_after,
        };
        reason.into()
    }

    pub(super) fn ambiguous(target: String, problem: &'static str) -> Self {
        let problem = AmbiguousTarget(problem);
        NotPurgedReason::Ambiguous { target, problem }.into()
    }

    pub(super) fn unreachable(error: impl Into<BoxError>) -> Self {
        NotPurgedReason::Unreachable(error.into()).into()
    }

    /// Returns the error for a log, which does not name the target.
    #[cfg(feature = "tokio")]
    pub(super) fn for_log(&self) -> &(dyn Error + 'static) {
        match &self.reason {
            NotPurgedReason::Ambiguous { problem, .. } => problem,
            _ => self,
        }
    }

    /// Returns the status of the cache's response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.reason {
            NotPurgedReason::Answered { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Returns `true` if a retry would fail in the same way.
    ///
    /// These are all 4xx except 408, 425 and 429 (RFC 9110, section 15.5), and targets that are
    /// not sent.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self.reason {
            NotPurgedReason::Answered { status, .. } => {
                status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429)
            }
            NotPurgedReason::Ambiguous { .. } | NotPurgedReason::Refused(_) => true,
            NotPurgedReason::Unreachable(_) => false,
        }
    }

    /// Returns the pause in the `Retry-After` of a 429 or 503 (RFC 9110, section 10.2.3). Dates
    /// are ignored.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.reason {
            NotPurgedReason::Answered { retry_after, .. } => retry_after,
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

impl From<NotPurgedReason> for NotPurged {
    fn from(reason: NotPurgedReason) -> Self {
        Self { reason }
    }
}

impl fmt::Display for NotPurged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            NotPurgedReason::Answered { status, .. } => {
                write!(f, "the cache responded with {status}")
            }
            NotPurgedReason::Ambiguous { target, problem } => {
                write!(f, "the target {target:?} is not sent: {}", problem.0)
            }
            NotPurgedReason::Unreachable(error) | NotPurgedReason::Refused(error) => error.fmt(f),
        }
    }
}

impl Error for NotPurged {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            NotPurgedReason::Unreachable(error) | NotPurgedReason::Refused(error) => error.source(),
            _ => None,
        }
    }
}

/// The reason why a target may mean more than one URL to the cache, without the target.
#[derive(Debug)]
struct AmbiguousTarget(&'static str);

impl fmt::Display for AmbiguousTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a target is not sent: {}", self.0)
    }
}

impl Error for AmbiguousTarget {}
