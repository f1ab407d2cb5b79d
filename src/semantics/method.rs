//! The methods that read, and which are safe.

use std::ops::BitOr;

use http::Method;

/// A set of methods that read and select a representation: `GET`, `HEAD` and
/// `QUERY`. A method with side effects cannot be in it.
///
/// ```
/// use http::Method;
/// use tower_conditional::semantics::method::SafeMethods;
///
/// let methods = SafeMethods::GET | SafeMethods::HEAD;
/// assert!(methods.contains(&Method::HEAD));
/// assert!(!methods.contains(&Method::POST));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SafeMethods(u8);

impl SafeMethods {
    /// `GET` (RFC 9110, section 9.3.1).
    pub const GET: Self = Self(1);
    /// `HEAD` (RFC 9110, section 9.3.2).
    pub const HEAD: Self = Self(1 << 1);
    /// `QUERY`, safe as `GET` is and with content in the request
    /// (draft-ietf-httpbis-safe-method-w-body).
    pub const QUERY: Self = Self(1 << 2);

    /// Whether `method` is in the set.
    #[must_use]
    pub fn contains(self, method: &Method) -> bool {
        Self::of(method).is_some_and(|one| self.0 & one.0 != 0)
    }

    pub(crate) fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET => Some(Self::GET),
            Method::HEAD => Some(Self::HEAD),
            // Older versions of `http` have no constant for it.
            _ => (method.as_str() == "QUERY").then_some(Self::QUERY),
        }
    }
}

impl BitOr for SafeMethods {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Default for SafeMethods {
    /// `GET` and `HEAD`.
    fn default() -> Self {
        Self::GET | Self::HEAD
    }
}

/// Whether a method is safe (RFC 9110, section 9.2.1): a client that uses it
/// asks for no change. Of methods that are registered elsewhere those count
/// that caches and crawlers meet; an unknown method is not safe.
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE => true,
        Method::POST | Method::PUT | Method::DELETE | Method::PATCH | Method::CONNECT => false,
        _ => matches!(method.as_str(), "QUERY" | "PROPFIND" | "REPORT" | "SEARCH"),
    }
}

/// Whether a cache may use an answer again because of what its fields say: not
/// where the method has side effects, nor those to `OPTIONS` and `TRACE`
/// (RFC 9110, sections 9.3.7 and 9.3.8).
pub(crate) fn may_be_fresh(method: &Method) -> bool {
    is_safe(method) && !matches!(*method, Method::OPTIONS | Method::TRACE)
}
