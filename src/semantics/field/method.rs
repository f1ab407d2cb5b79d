//! The methods that read, and which are safe.

use std::ops::BitOr;

use http::Method;

/// A set of safe methods that select a representation. A method with side
/// effects cannot be in it.
///
/// A layer that is given the set tags the responses to these methods, or
/// evaluates their conditions. A false `If-None-Match` or `If-Modified-Since`
/// is 304 for `GET`, `HEAD` and `QUERY`. The standards know no 304 for any other
/// method: `PROPFIND`, `REPORT` and `SEARCH` get 412 for a false
/// `If-None-Match`, and their `If-Modified-Since` is ignored (RFC 9110, sections
/// 13.1.2 and 13.1.3).
///
/// ```
/// use http::Method;
/// use tower_conditional::SafeMethods;
///
/// let methods = SafeMethods::default() | SafeMethods::REPORT;
/// assert!(methods.contains(&Method::HEAD));
/// assert!(methods.contains(&"REPORT".parse().unwrap()));
/// assert!(!methods.contains(&Method::POST));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SafeMethods(u8);

impl SafeMethods {
    /// `GET` (RFC 9110, section 9.3.1).
    pub const GET: Self = Self(1);
    /// `HEAD` (RFC 9110, section 9.3.2).
    pub const HEAD: Self = Self(1 << 1);
    /// `QUERY`, which is safe as `GET` is and has content in the request
    /// (RFC 10008). The result of the query is the selected representation.
    pub const QUERY: Self = Self(1 << 2);
    /// `PROPFIND` of WebDAV (RFC 4918, section 9.1).
    pub const PROPFIND: Self = Self(1 << 3);
    /// `REPORT` of WebDAV (RFC 3253, section 3.6).
    pub const REPORT: Self = Self(1 << 4);
    /// `SEARCH` of WebDAV (RFC 5323).
    pub const SEARCH: Self = Self(1 << 5);

    /// The methods that a false `If-None-Match` or `If-Modified-Since` can give
    /// a 304 (RFC 9110, section 15.4.5; RFC 10008, section 2.6).
    const WITH_304: Self = Self(Self::GET.0 | Self::HEAD.0 | Self::QUERY.0);

    /// Whether `method` is in the set. Names are compared as they are, in upper
    /// case (RFC 9110, section 9.1).
    #[must_use]
    #[inline]
    pub fn contains(self, method: &Method) -> bool {
        Self::of(method).is_some_and(|one| self.0 & one.0 != 0)
    }

    #[inline]
    fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET => Some(Self::GET),
            Method::HEAD => Some(Self::HEAD),
            // Most writes: no name is compared.
            Method::POST | Method::PUT | Method::PATCH | Method::DELETE => None,
            _ => Self::named(method.as_str()),
        }
    }

    // Apart, so that the methods of nearly all requests are told without a call.
    #[cold]
    fn named(method: &str) -> Option<Self> {
        Some(match method {
            // Older versions of `http` have no constant for it.
            "QUERY" => Self::QUERY,
            "PROPFIND" => Self::PROPFIND,
            "REPORT" => Self::REPORT,
            "SEARCH" => Self::SEARCH,
            _ => return None,
        })
    }
}

impl BitOr for SafeMethods {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Default for SafeMethods {
    /// `GET`, `HEAD` and `QUERY`.
    fn default() -> Self {
        Self::WITH_304
    }
}

/// Returns `true` if the method replaces, changes or deletes its target: `PUT`, `PATCH`
/// and `DELETE` (RFC 9110, section 9.3; RFC 5789, section 2).
#[must_use]
pub(crate) fn changes_target(method: &Method) -> bool {
    matches!(*method, Method::PUT | Method::PATCH | Method::DELETE)
}

/// Returns `true` if the method creates an absent target, as far as the standards say:
/// `PUT` and `POST` (RFC 9110, section 9.3), and `MKCOL`, which does nothing else (RFC
/// 4918, section 9.3).
pub(crate) fn creates_target(method: &Method) -> bool {
    matches!(method.as_str(), "PUT" | "POST" | "MKCOL")
}

/// Returns `true` if the method may change the state of its target: it is not safe, nor
/// is it `CONNECT`, which selects no representation (RFC 9110, section 13.2.1).
#[inline]
pub(crate) fn is_write(method: &Method) -> bool {
    !is_safe(method) && *method != Method::CONNECT
}

/// Whether a method is safe (RFC 9110, section 9.2.1): a client that uses it
/// asks for no change. Of methods that are registered elsewhere those count
/// that caches and crawlers meet; an unknown method is not safe.
#[must_use]
#[inline]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::OPTIONS | Method::TRACE) || SafeMethods::of(method).is_some()
}

/// Whether a cache may use an answer again because of what its fields say: not
/// where the method has side effects, nor those to `OPTIONS` and `TRACE`
/// (RFC 9110, sections 9.3.7 and 9.3.8).
#[inline]
pub(crate) fn may_be_fresh(method: &Method) -> bool {
    SafeMethods::of(method).is_some()
}

/// Whether a false `If-None-Match` or `If-Modified-Since` gives a 304.
#[inline]
pub(crate) fn may_be_not_modified(method: &Method) -> bool {
    SafeMethods::WITH_304.contains(method)
}

/// Whether the head of the request tells which representation is selected. For
/// `QUERY` and its kin the content of the request has a part in it (RFC 10008,
/// section 2.6).
pub(crate) fn head_selects(method: &Method) -> bool {
    (SafeMethods::GET | SafeMethods::HEAD).contains(method)
}
