//! Media types and ranges of them (RFC 9110, sections 8.3.1 and 12.5.1).

use http::{HeaderValue, StatusCode};

use super::list::is_tchar;

/// A media type, or all subtypes of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaRange {
    /// One media type, such as `text/html`.
    Exact(Box<str>),
    /// All subtypes of a type, such as `text/*`. Stored as `text/`.
    AnySubtype(Box<str>),
}

impl MediaRange {
    /// Parses `type/subtype` or `type/*`. Returns `None` for other text, such as `*/*`.
    pub(crate) fn parse(range: &str) -> Option<Self> {
        let (main, sub) = range.split_once('/')?;
        if !is_name(main) {
            return None;
        }
        match sub {
            "*" => Some(Self::AnySubtype(range[..=main.len()].into())),
            _ => is_name(sub).then(|| Self::Exact(range.into())),
        }
    }

    /// Returns `true` if the `Content-Type` is in this range. Its parameters are ignored.
    pub(crate) fn contains(&self, value: &HeaderValue) -> bool {
        let essence = essence(value);
        match self {
            Self::Exact(name) => essence.eq_ignore_ascii_case(name.as_bytes()),
            Self::AnySubtype(main) => essence
                .get(..main.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(main.as_bytes())),
        }
    }
}

/// Returns `true` if the response does not show the media type of its representation.
///
/// A 304 may omit `Content-Type`, and so may a 206 that answers `If-Range`. A 206 with several
/// ranges has `multipart/byteranges` instead (RFC 9110, sections 15.4.5, 15.3.7 and 14.6).
pub(crate) fn is_type_unknown(status: StatusCode, content_type: Option<&HeaderValue>) -> bool {
    match status {
        StatusCode::NOT_MODIFIED => content_type.is_none(),
        StatusCode::PARTIAL_CONTENT => content_type.is_none_or(is_byteranges),
        _ => false,
    }
}

fn is_byteranges(value: &HeaderValue) -> bool {
    essence(value).eq_ignore_ascii_case(b"multipart/byteranges")
}

/// Returns the media type without its parameters.
pub(super) fn essence(value: &HeaderValue) -> &[u8] {
    let essence = value.as_bytes().split(|byte| *byte == b';').next();
    essence.unwrap_or_default().trim_ascii()
}

/// Returns `true` if the text is a token without `*`, which is reserved for ranges (RFC 9110,
/// section 8.3.1).
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| is_tchar(byte) && byte != b'*')
}
