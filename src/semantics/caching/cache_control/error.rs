use std::{error::Error, fmt};

use http::HeaderName;

use super::DirectiveConflict;

/// An error returned by directives, policies and rules that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCachePolicy {
    /// The text has no directive.
    Empty,
    /// This directive has no valid name or argument, or stands twice.
    Directive(String),
    /// A directive is neither a standard one nor allowed by name.
    Unknown {
        /// Its name, in the case in which it was written.
        name: String,
        /// The standard directive whose name looks most like it, if one does.
        nearest: Option<&'static str>,
    },
    /// An [`Extension`](super::Extension) is named like a standard directive or not by a
    /// token, or its argument has control characters, or a lifetime stands in it.
    Extension,
    /// The directives contradict each other.
    Contradiction(DirectiveConflict),
    /// This is no targeted field.
    Field(HeaderName),
    /// A directive is there that no Dictionary of a targeted field can have.
    Dictionary,
    /// A rule is for neither a media type nor all of a type.
    ContentType,
    /// A rule has freshness for a method with side effects, `OPTIONS` or `TRACE`, whose
    /// answers no cache may use without asking (RFC 9111, section 4).
    FreshWrite,
    /// A rule is for a status that can have no policy: 1xx, or 304 without the 200 that a
    /// cache would change by it (RFC 9111, section 3.2).
    Status,
}

impl fmt::Display for InvalidCachePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no directive: a cache makes up a lifetime then"),
            Self::Directive(directive) => write!(f, "{directive:?} is no directive"),
            Self::Unknown { name, nearest } => {
                write!(f, "unknown directive {name:?}: ")?;
                match nearest {
                    Some(nearest) => write!(f, "did you mean {nearest:?}?"),
                    None => f.write_str("an extension has to be allowed by name"),
                }
            }
            Self::Extension => f.write_str(
                "an extension is a token that is no standard directive, and text without a lifetime",
            ),
            Self::Contradiction(conflict) => conflict.fmt(f),
            Self::Field(name) => write!(f, "{name} is no targeted field"),
            Self::Dictionary => {
                f.write_str("a targeted field is a Structured Fields Dictionary of directives")
            }
            Self::ContentType => {
                f.write_str("a media type is as `text/html`, or `text/*` for all of a type")
            }
            Self::FreshWrite => f.write_str("an answer to this method cannot be fresh"),
            Self::Status => f.write_str("no rule is for a 1xx, nor for a 304 without the 200"),
        }
    }
}

impl Error for InvalidCachePolicy {}
