//! `Cache-Status`: how a cache handled a request (RFC 9211).

use std::{error::Error, fmt};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sfv::{ItemSerializer, StringRef, TokenRef};

/// `Cache-Status`.
pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What a cache calls itself in [`CACHE_STATUS`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CacheName(String);

impl CacheName {
    /// See [`CacheStatusLayer::new`](crate::CacheStatusLayer::new).
    pub(crate) fn new(name: &str) -> Result<Self, InvalidCacheName> {
        let item = ItemSerializer::new();
        let item = match (TokenRef::from_str(name), StringRef::from_str(name)) {
            (Ok(token), _) => item.bare_item(token),
            (_, Ok(string)) if !name.is_empty() => item.bare_item(string),
            _ => return Err(InvalidCacheName(())),
        };
        Ok(Self(item.finish()))
    }
}

/// How a request was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Handled {
    /// Without the next hop (RFC 9211, section 2.1).
    Hit,
    /// By the next hop: why, and with which status it answered where that is
    /// another one than went out (RFC 9211, sections 2.2 and 2.3).
    Forwarded(Forward, Option<StatusCode>),
}

/// Why a request went to the next hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Forward {
    /// The cache was not to handle it.
    Bypass,
    /// Its method asks for that.
    Method,
    /// Nothing was known that could answer it.
    Miss,
    /// What was known could not answer this request, for what is in it.
    Request,
}

impl Forward {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::Miss => "miss",
            Self::Request => "request",
        }
    }
}

impl Handled {
    /// The member of the list that says so.
    pub(crate) fn to_value(self, name: &CacheName) -> HeaderValue {
        let name = &name.0;
        let member = match self {
            Self::Hit => format!("{name}; hit"),
            Self::Forwarded(why, None) => format!("{name}; fwd={}", why.as_str()),
            Self::Forwarded(why, Some(status)) => {
                format!(
                    "{name}; fwd={}; fwd-status={}",
                    why.as_str(),
                    status.as_u16()
                )
            }
        };
        HeaderValue::try_from(member).expect("visible ASCII")
    }

    /// Adds the member after those of the caches that are nearer to the origin,
    /// which stay as they are.
    pub(crate) fn append(self, name: &CacheName, headers: &mut HeaderMap) {
        headers.append(CACHE_STATUS, self.to_value(name));
    }
}

/// An error returned by [`CacheStatusLayer::new`](crate::CacheStatusLayer::new): a name that
/// no member of a Structured Fields List can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCacheName(());

impl fmt::Display for InvalidCacheName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cache's name is visible ASCII and not empty")
    }
}

impl Error for InvalidCacheName {}
