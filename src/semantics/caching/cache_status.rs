//! `Cache-Status`: the handling of a request by a cache (RFC 9211).

#[cfg(test)]
mod tests;

use std::{error::Error, fmt, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sfv::{ItemSerializer, StringRef, TokenRef};

/// The name of the header.
pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The greatest Integer of a structured field (RFC 9651, section 3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// The name of a cache in [`CACHE_STATUS`], formatted as a Token or a String.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CacheName(String);

impl CacheName {
    /// Formats a name. See [`CacheStatusLayer::new`](crate::CacheStatusLayer::new).
    pub(crate) fn new(name: &str) -> Result<Self, InvalidCacheName> {
        let item = ItemSerializer::new();
        let item = match (TokenRef::from_str(name), StringRef::from_str(name)) {
            (Ok(token), _) => item.bare_item(token),
            // An empty String is valid, but names no cache.
            (_, Ok(string)) if !name.is_empty() => item.bare_item(string),
            _ => return Err(InvalidCacheName(name.to_owned())),
        };
        Ok(Self(item.finish()))
    }
}

/// The way in which a cache handled a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CacheOutcome {
    /// The cache answered without the next hop (RFC 9211, section 2.1).
    Hit {
        /// The rest of the entry's time to live, if it has one (RFC 9211, section 2.4).
        ttl: Option<Duration>,
    },
    /// The cache forwarded the request to the next hop.
    Forwarded(Forward),
}

/// A request that was forwarded to the next hop (RFC 9211, sections 2.2 to 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Forward {
    pub(crate) reason: ForwardReason,
    /// The status of the next hop, if the cache sent another one to the client.
    pub(crate) status: Option<StatusCode>,
    /// The rest of the time to live of an entry that was not used.
    pub(crate) ttl: Option<Duration>,
    /// `true` if the cache stored the response.
    pub(crate) stored: bool,
    /// `true` if the response to another request was used.
    pub(crate) collapsed: bool,
}

/// The reason for forwarding a request to the next hop (RFC 9211, section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ForwardReason {
    /// The cache was configured not to handle the request.
    Bypass,
    /// The method requires it.
    Method,
    /// The cache had no response that could be used.
    Miss,
    /// The same, and it may store none at the moment.
    Busy,
    /// The cache had a response that was too old.
    Stale,
    /// The cache had a response, but the request's headers did not allow its use.
    Request,
}

impl From<ForwardReason> for Forward {
    fn from(reason: ForwardReason) -> Self {
        Self {
            reason,
            status: None,
            ttl: None,
            stored: false,
            collapsed: false,
        }
    }
}

impl ForwardReason {
    /// Returns the value of `fwd`, and a `detail` if no value of the standard fits (RFC 9211,
    /// section 2.8).
    fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::Miss => "miss",
            Self::Busy => "miss; detail=busy",
            Self::Stale => "stale",
            Self::Request => "request",
        }
    }
}

impl CacheOutcome {
    /// Returns the list member for this outcome.
    pub(crate) fn to_value(self, name: &CacheName) -> HeaderValue {
        let mut member = name.0.clone();
        let ttl = match self {
            Self::Hit { ttl } => {
                member.push_str("; hit");
                ttl
            }
            Self::Forwarded(forward) => {
                member.push_str("; fwd=");
                member.push_str(forward.reason.as_str());
                if let Some(status) = forward.status {
                    member.push_str("; fwd-status=");
                    member.push_str(status.as_str());
                }
                if forward.stored {
                    member.push_str("; stored");
                }
                if forward.collapsed {
                    member.push_str("; collapsed");
                }
                forward.ttl
            }
        };
        if let Some(ttl) = ttl {
            member.push_str("; ttl=");
            member.push_str(&ttl.as_secs().min(MAX_INTEGER).to_string());
        }
        HeaderValue::try_from(member).expect("visible ASCII")
    }

    /// Adds the list member after those of the caches that are nearer to the origin.
    pub(crate) fn append(self, name: &CacheName, headers: &mut HeaderMap) {
        headers.append(CACHE_STATUS, self.to_value(name));
    }
}

/// An error returned by [`CacheStatusLayer::new`](crate::CacheStatusLayer::new) for an invalid
/// name of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCacheName(String);

impl fmt::Display for InvalidCacheName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name) = self;
        write!(
            f,
            "invalid name of a cache {name:?}: \
             it must be visible ASCII characters or spaces, and not empty"
        )
    }
}

impl Error for InvalidCacheName {}
