use std::{error::Error, fmt};

use http::{HeaderName, Method, StatusCode};

use super::DirectiveConflict;

/// An error returned for invalid directives, policies and rules.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCachePolicy {
    /// The policy has no directive.
    Empty,
    /// This directive has a malformed name or argument, or occurs twice.
    Directive(String),
    /// A directive is neither a standard one nor allowed by name.
    Unknown {
        /// The name of the directive, in its original case.
        name: String,
        /// The standard directive with the most similar name, if one is similar.
        nearest: Option<&'static str>,
    },
    /// This [`Extension`](super::Extension) is not allowed.
    ///
    /// Its name must be a token and not a standard directive. Its argument must not contain
    /// control characters, and its text no lifetime.
    Extension(String),
    /// The directives contradict each other.
    Contradiction(DirectiveConflict),
    /// This is not the name of a targeted header.
    Field(HeaderName),
    /// This extension cannot be a member of the Dictionary in a targeted header.
    Dictionary(String),
    /// This text is neither a media type nor a range such as `text/*`.
    ContentType(String),
    /// A rule makes responses to this method fresh.
    ///
    /// Caches must not reuse responses to methods with side effects, nor to `OPTIONS` and
    /// `TRACE` (RFC 9111, section 4).
    FreshWrite(Method),
    /// A rule is for this status, which cannot have a policy.
    ///
    /// That is any 1xx, or 304 without 200. A 304 changes the policy of a stored 200 (RFC 9111,
    /// section 3.2).
    Status(StatusCode),
}

impl fmt::Display for InvalidCachePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("the policy has no directive: caches would guess a lifetime")
            }
            Self::Directive(directive) => write!(
                f,
                "invalid directive {directive:?}: \
                 its name or argument is malformed, or it occurs twice"
            ),
            Self::Unknown { name, nearest } => {
                write!(f, "unknown directive {name:?}: ")?;
                match nearest {
                    Some(nearest) => write!(f, "did you mean {nearest:?}?"),
                    None => f.write_str("an extension must be allowed by name"),
                }
            }
            Self::Extension(text) => write!(
                f,
                "invalid extension {text:?}: its name must be a token and not a standard \
                 directive, and its text must contain no control character and no lifetime"
            ),
            Self::Contradiction(conflict) => conflict.fmt(f),
            Self::Field(name) => write!(
                f,
                "invalid targeted header {:?}: use \"CDN-Cache-Control\", \"Surrogate-Control\" \
                 or a name that ends in \"-CDN-Cache-Control\"",
                name.as_str()
            ),
            Self::Dictionary(text) => write!(
                f,
                "invalid extension {text:?} for a targeted header: \
                 a Structured Fields Dictionary cannot hold it"
            ),
            Self::ContentType(range) => write!(
                f,
                "invalid media type {range:?}: write \"text/html\", or \"text/*\" for all subtypes"
            ),
            Self::FreshWrite(method) => write!(
                f,
                "invalid rule for {:?}: caches must not reuse responses to this method",
                method.as_str()
            ),
            Self::Status(StatusCode::NOT_MODIFIED) => f.write_str(
                "invalid rule for status \"304\": \
                 it must include 200, since a 304 changes the policy of a stored 200",
            ),
            Self::Status(status) => write!(
                f,
                "invalid rule for status \"{}\": a 1xx response has no cache policy",
                status.as_str()
            ),
        }
    }
}

impl Error for InvalidCachePolicy {}
