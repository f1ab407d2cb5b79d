//! Media types, and all of a type (RFC 9110, sections 8.3.1 and 12.5.1).

use http::HeaderValue;

use super::list::is_token;

/// A media type, or all of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaRange {
    Whole(Box<str>),
    /// With its `/`.
    Type(Box<str>),
}

impl MediaRange {
    /// `None` if it is neither.
    pub(crate) fn new(range: &str) -> Option<Self> {
        let (main, sub) = range.split_once('/')?;
        if !is_name(main) {
            return None;
        }
        match sub {
            "*" => Some(Self::Type(range[..=main.len()].into())),
            _ => is_name(sub).then(|| Self::Whole(range.into())),
        }
    }

    pub(crate) fn contains(&self, value: &HeaderValue) -> bool {
        let essence = essence(value);
        match self {
            Self::Whole(name) => essence.eq_ignore_ascii_case(name.as_bytes()),
            Self::Type(main) => essence
                .get(..main.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(main.as_bytes())),
        }
    }
}

/// Whether the value is the type of several parts, which have types of their own.
pub(crate) fn is_byteranges(value: &HeaderValue) -> bool {
    essence(value).eq_ignore_ascii_case(b"multipart/byteranges")
}

fn essence(value: &HeaderValue) -> &[u8] {
    let essence = value.as_bytes().split(|byte| *byte == b';').next();
    essence.unwrap_or_default().trim_ascii()
}

fn is_name(text: &str) -> bool {
    // A token, but `*` is for ranges (RFC 9110, section 8.3.1).
    !text.is_empty() && text.bytes().all(|byte| is_token(byte) && byte != b'*')
}
