//! Media types, and all of a type (RFC 9110, sections 8.3.1 and 12.5.1).

use http::{HeaderValue, StatusCode};

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

/// Whether a response does not tell the media type that its 200 has. A 206 that
/// answers `If-Range` may leave it out, and one of several parts has its own
/// (RFC 9110, sections 15.4.5, 15.3.7 and 14.6).
pub(crate) fn is_hidden(status: StatusCode, content_type: Option<&HeaderValue>) -> bool {
    match status {
        StatusCode::NOT_MODIFIED => content_type.is_none(),
        StatusCode::PARTIAL_CONTENT => content_type.is_none_or(is_byteranges),
        _ => false,
    }
}

fn is_byteranges(value: &HeaderValue) -> bool {
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
