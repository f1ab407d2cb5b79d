//! Properties of methods: safe, cacheable, eligible for a 304, or writing.

use std::ops::BitOr;

use http::Method;

/// A set of safe methods that select a representation. A method with side effects cannot be
/// added.
///
/// A layer with this set tags the responses to these methods, or evaluates their preconditions.
/// A false `If-None-Match` or `If-Modified-Since` leads to a 304 for `GET`, `HEAD` and `QUERY`.
/// The standards define a 304 for no other method. `PROPFIND`, `REPORT` and `SEARCH` get 412
/// for a false `If-None-Match`, and their `If-Modified-Since` is ignored (RFC 9110, sections
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
    /// `QUERY`, a safe method with content in the request (RFC 10008). The result of the
    /// query is the selected representation.
    pub const QUERY: Self = Self(1 << 2);
    /// `PROPFIND` of WebDAV (RFC 4918, section 9.1).
    pub const PROPFIND: Self = Self(1 << 3);
    /// `REPORT` of WebDAV (RFC 3253, section 3.6).
    pub const REPORT: Self = Self(1 << 4);
    /// `SEARCH` of WebDAV (RFC 5323).
    pub const SEARCH: Self = Self(1 << 5);

    /// The methods for which a false `If-None-Match` or `If-Modified-Since` leads to a 304 (RFC
    /// 9110, section 15.4.5; RFC 10008, section 2.6).
    const WITH_304: Self = Self(Self::GET.0 | Self::HEAD.0 | Self::QUERY.0);

    /// Returns `true` if `method` is in the set. Names are case-sensitive (RFC 9110, section 9.1).
    #[must_use]
    #[inline]
    pub fn contains(self, method: &Method) -> bool {
        Self::from_method(method).is_some_and(|one| self.0 & one.0 != 0)
    }

    #[inline]
    fn from_method(method: &Method) -> Option<Self> {
        match *method {
            Method::GET => Some(Self::GET),
            Method::HEAD => Some(Self::HEAD),
            // Most writes end here, without a comparison of names.
            Method::POST | Method::PUT | Method::PATCH | Method::DELETE => None,
            _ => Self::from_extension(method.as_str()),
        }
    }

    // A separate function keeps the caller small enough to be inlined.
    #[cold]
    fn from_extension(method: &str) -> Option<Self> {
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
    /// Returns `GET`, `HEAD` and `QUERY`.
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

/// Returns `true` if the method may create its target: `PUT`, `POST` (RFC 9110, section 9.3)
/// and `MKCOL` (RFC 4918, section 9.3).
pub(crate) fn creates_target(method: &Method) -> bool {
    matches!(method.as_str(), "PUT" | "POST" | "MKCOL")
}

/// Returns `true` if the method may change the state of its target.
///
/// These are all methods that are not safe, except `CONNECT`, which selects no representation
/// (RFC 9110, section 13.2.1).
#[inline]
pub(crate) fn is_write(method: &Method) -> bool {
    !is_safe(method) && *method != Method::CONNECT
}

/// Returns `true` if the method is safe: its client requests no change (RFC 9110, section
/// 9.2.1).
///
/// The safe methods of other standards are those in [`SafeMethods`]. An unknown method is not
/// safe.
#[must_use]
#[inline]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::OPTIONS | Method::TRACE) || SafeMethods::from_method(method).is_some()
}

/// Returns `true` if a cache may reuse a response to this method while it is fresh.
///
/// Responses to methods with side effects are not reused, nor those to `OPTIONS` and `TRACE`
/// (RFC 9110, sections 9.3.7 and 9.3.8).
#[inline]
pub(crate) fn may_be_fresh(method: &Method) -> bool {
    SafeMethods::from_method(method).is_some()
}

/// Returns `true` if a false `If-None-Match` or `If-Modified-Since` leads to a 304.
#[inline]
pub(crate) fn may_be_not_modified(method: &Method) -> bool {
    SafeMethods::WITH_304.contains(method)
}

/// Returns `true` if the request's head alone selects the representation.
///
/// For `QUERY` and similar methods, the content of the request selects it too (RFC 10008,
/// section 2.6).
pub(crate) fn is_selected_by_head(method: &Method) -> bool {
    (SafeMethods::GET | SafeMethods::HEAD).contains(method)
}
