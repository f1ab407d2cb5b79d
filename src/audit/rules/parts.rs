//! Parts of a representation (RFC 9110, section 15.3.7).

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONTENT_RANGE, IF_RANGE},
};

use super::{
    Code, Exchange, Found,
    exchange::{coding, tag_text},
};
use crate::semantics::{
    field::{lines, list::trim_ows},
    validator::{EntityTag, TagRef},
};

/// How many bytes of each content are remembered, to be compared with parts
/// that cover them.
pub(crate) const FIRST_BYTES: usize = 1024;

/// Bytes that a strong tag stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch<'a> {
    pub(super) tag: TagRef<'a>,
    pub(super) coding: Option<&'a HeaderValue>,
    pub(super) start: u64,
    pub(super) length: u64,
    /// How many bytes the whole has, if known.
    pub(super) complete: Option<u64>,
    pub(super) digest: [u8; 16],
    /// The first of them.
    pub(super) first: &'a [u8],
}

/// A 206 with a strong tag and one part.
#[derive(Debug)]
pub(crate) struct Part {
    tag: EntityTag,
    coding: Option<HeaderValue>,
    start: u64,
    length: u64,
    complete: Option<u64>,
    digest: [u8; 16],
    first: Bytes,
}

impl Part {
    /// Returns `None` for an answer whose bytes have no known place.
    pub(crate) fn of(exchange: &Exchange<'_>) -> Option<Self> {
        let is_part =
            (exchange.method, exchange.status) == (&Method::GET, StatusCode::PARTIAL_CONTENT);
        let tag = exchange.tag().filter(|tag| is_part && !tag.is_weak())?;
        let range = Range::of(exchange.response)?;
        Some(Self {
            tag: tag.into(),
            coding: coding(exchange.response).cloned(),
            start: range.first,
            length: range.length()?,
            complete: range.complete,
            digest: [0; 16],
            first: Bytes::new(),
        })
    }

    /// Takes in the content. Returns `None` if that is no such part.
    pub(crate) fn read(self, digest: [u8; 16], length: u64, first: Bytes) -> Option<Self> {
        (length == self.length).then_some(Self {
            digest,
            first,
            ..self
        })
    }

    pub(crate) fn stretch(&self) -> Stretch<'_> {
        Stretch {
            tag: self.tag.as_ref(),
            coding: self.coding.as_ref(),
            start: self.start,
            length: self.length,
            complete: self.complete,
            digest: self.digest,
            first: &self.first,
        }
    }
}

/// Two stretches of one target (RFC 9110, section 8.8.1).
pub(crate) fn stretches(one: Stretch<'_>, other: Stretch<'_>, found: &mut Vec<Found>) {
    let is_one = one.tag.strong_eq(other.tag) && one.coding == other.coding;
    if is_one && one.differs(other) {
        found.push(
            Code::SameTagOtherBytes.because(format!("{} on other bytes", tag_text(other.tag))),
        );
    }
}

impl Stretch<'_> {
    /// Returns `true` if the wholes have other lengths, or both cover a byte that
    /// is another in each.
    fn differs(self, other: Self) -> bool {
        let is_beyond = |one: Self, other: Self| {
            let end = one.start.saturating_add(one.length);
            other.complete.is_some_and(|complete| end > complete)
        };
        let lengths = self.complete.zip(other.complete);
        if lengths.is_some_and(|(one, other)| one != other)
            || is_beyond(self, other)
            || is_beyond(other, self)
        {
            return true;
        }
        if (self.start, self.length) == (other.start, other.length) {
            return self.digest != other.digest;
        }
        let start = self.start.max(other.start);
        self.from(start)
            .iter()
            .zip(other.from(start))
            .any(|(one, other)| one != other)
    }

    /// The remembered bytes from a place on.
    fn from(&self, start: u64) -> &[u8] {
        let at = usize::try_from(start - self.start).unwrap_or(usize::MAX);
        self.first.get(at..).unwrap_or_default()
    }
}

/// A 206 by itself.
pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    if exchange.status != StatusCode::PARTIAL_CONTENT || !exchange.reads() {
        return;
    }
    // Section 13.1.5: otherwise the client joins parts of two representations.
    let wanted = lines::only(exchange.request, &IF_RANGE)
        .and_then(|line| TagRef::parse(trim_ows(line.as_bytes())));
    if let (Some(wanted), Some(tag)) = (wanted, exchange.tag())
        && !wanted.strong_eq(tag)
    {
        found.push(Code::PartOfOther.because(format!(
            "If-Range names {}, and the part is of {}",
            tag_text(wanted),
            tag_text(tag)
        )));
    }
}

/// `Content-Range` (RFC 9110, section 14.4).
#[derive(Debug, PartialEq, Eq)]
struct Range {
    first: u64,
    last: u64,
    complete: Option<u64>,
}

impl Range {
    fn of(response: &HeaderMap) -> Option<Self> {
        let line = lines::only(response, &CONTENT_RANGE)?.to_str().ok()?;
        let (unit, range) = line.trim().split_once(' ')?;
        let (range, complete) = range.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let range = Self {
            first: digits(first)?,
            last: digits(last)?,
            complete: match complete {
                "*" => None,
                complete => Some(digits(complete)?),
            },
        };
        let is_valid = range.first <= range.last
            && range.complete.is_none_or(|complete| range.last < complete);
        (unit.eq_ignore_ascii_case("bytes") && is_valid).then_some(range)
    }

    fn length(&self) -> Option<u64> {
        (self.last - self.first).checked_add(1)
    }
}

fn digits(text: &str) -> Option<u64> {
    let spelled = text.bytes().all(|byte| byte.is_ascii_digit());
    spelled.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(value: &'static str) -> Option<(u64, u64, Option<u64>)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, HeaderValue::from_static(value));
        Range::of(&headers).map(|range| (range.first, range.last, range.complete))
    }

    #[test]
    fn a_content_range_is_read_strictly() {
        assert_eq!(range("bytes 0-4/10"), Some((0, 4, Some(10))));
        assert_eq!(range("Bytes 7-7/*"), Some((7, 7, None)));
        for other in [
            "bytes */10",
            "bytes 4-0/10",
            "bytes 0-10/10",
            "bytes 0-/10",
            "bytes +0-4/10",
            "bytes=0-4/10",
            "lines 0-4/10",
            "bytes 0-18446744073709551616/*",
            "bytes",
            "",
        ] {
            assert_eq!(range(other), None, "{other}");
        }
        let all = Range {
            first: 0,
            last: u64::MAX,
            complete: None,
        };
        assert_eq!(all.length(), None);
    }

    #[test]
    fn stretches_are_compared_where_both_are_remembered() {
        let tag = EntityTag::strong("a").unwrap();
        let stretch = |start, first: &'static [u8], length| Stretch {
            tag: tag.as_ref(),
            coding: None,
            start,
            length,
            complete: None,
            digest: [first.last().copied().unwrap_or_default(); 16],
            first,
        };
        let differ = |one: Stretch<'_>, other: Stretch<'_>| {
            assert_eq!(one.differs(other), other.differs(one));
            one.differs(other)
        };
        assert!(differ(stretch(0, b"abc", 3), stretch(1, b"xc", 2)));
        assert!(!differ(stretch(0, b"abc", 3), stretch(1, b"bc", 2)));
        assert!(differ(stretch(0, b"abc", 9), stretch(0, b"abd", 9)));
        assert!(!differ(stretch(0, b"abc", 9), stretch(3, b"x", 1)));
        assert!(!differ(stretch(0, b"abc", 9), stretch(u64::MAX, b"x", 1)));
        assert!(differ(stretch(5, b"a", 9), stretch(5, b"b", 8)));

        let of = |complete, stretch| Stretch {
            complete: Some(complete),
            ..stretch
        };
        let part = || stretch(3, b"x", 2);
        assert!(!differ(of(5, stretch(0, b"ab", 5)), part()));
        assert!(differ(of(4, stretch(0, b"ab", 4)), part()));
        assert!(differ(of(5, stretch(0, b"ab", 5)), of(6, part())));
    }
}
