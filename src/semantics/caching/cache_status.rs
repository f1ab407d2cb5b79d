//! `Cache-Status`: the handling of a request by a cache (RFC 9211).

#[cfg(test)]
mod tests;

use std::{error::Error, fmt};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sfv::{ItemSerializer, StringRef, TokenRef};

/// The name of the header.
pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

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
    Hit,
    /// The cache forwarded the request to the next hop (RFC 9211, sections 2.2 and 2.3).
    ///
    /// The status is that of the next hop, if the cache sent another one to the client.
    Forwarded(ForwardReason, Option<StatusCode>),
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
    /// The cache had a response, but the request's headers did not allow its use.
    Request,
}

impl ForwardReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::Miss => "miss",
            Self::Request => "request",
        }
    }
}

impl CacheOutcome {
    /// Returns the list member for this outcome.
    pub(crate) fn to_value(self, name: &CacheName) -> HeaderValue {
        let name = &name.0;
        let member = match self {
            Self::Hit => format!("{name}; hit"),
            Self::Forwarded(reason, None) => format!("{name}; fwd={}", reason.as_str()),
            Self::Forwarded(reason, Some(status)) => {
                format!(
                    "{name}; fwd={}; fwd-status={}",
                    reason.as_str(),
                    status.as_u16()
                )
            }
        };
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
