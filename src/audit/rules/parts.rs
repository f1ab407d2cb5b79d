//! Rules for parts of a representation (RFC 9110, section 15.3.7).

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::IF_RANGE};

use super::{
    AuditedExchange, Code, RuleFinding,
    content_range::ContentRange,
    exchange::{coding, tag_text, text},
};
use crate::semantics::{
    field::{lines, list::trim_ows},
    validator::{
        EntityTag, TagRef,
        digest_fields::{DigestField, REPR_DIGEST},
    },
};

/// The number of bytes of each content that are kept, for comparison with parts that cover them.
pub(crate) const FIRST_BYTES: usize = 1024;

/// A range of bytes with a strong tag, a digest of the whole, or both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaggedBytes<'a> {
    pub(super) tag: Option<TagRef<'a>>,
    pub(super) repr_digest: Option<&'a HeaderValue>,
    pub(super) coding: Option<&'a HeaderValue>,
    pub(super) start: u64,
    pub(super) length: u64,
    /// The length of the whole content, if known.
    pub(super) complete: Option<u64>,
    pub(super) digest: [u8; 16],
    /// The first bytes of the range.
    pub(super) first_bytes: &'a [u8],
}

/// A 206 with one part, and with a strong tag or a digest.
#[derive(Debug)]
pub(crate) struct PartialContent {
    tag: Option<EntityTag>,
    repr_digest: Option<HeaderValue>,
    coding: Option<HeaderValue>,
    start: u64,
    length: u64,
    complete: Option<u64>,
    digest: [u8; 16],
    first_bytes: Bytes,
}

impl PartialContent {
    /// Returns `None` if the position of the bytes is not known.
    pub(crate) fn of(exchange: &AuditedExchange<'_>) -> Option<Self> {
        let is_part =
            (exchange.method, exchange.status) == (&Method::GET, StatusCode::PARTIAL_CONTENT);
        let tag = exchange.tag().filter(|tag| !tag.is_weak());
        let repr_digest = repr_digest(exchange.response);
        if !is_part || (tag.is_none() && repr_digest.is_none()) {
            return None;
        }
        let range = ContentRange::of(exchange.response)?;
        Some(Self {
            tag: tag.map(EntityTag::from),
            repr_digest: repr_digest.cloned(),
            coding: coding(exchange.response).cloned(),
            start: range.first,
            length: range.length()?,
            complete: range.complete,
            digest: [0; 16],
            first_bytes: Bytes::new(),
        })
    }

    /// Sets the content. Returns `None` if its length differs from that of the range.
    pub(crate) fn with_content(
        self,
        digest: [u8; 16],
        length: u64,
        first_bytes: Bytes,
    ) -> Option<Self> {
        (length == self.length).then_some(Self {
            digest,
            first_bytes,
            ..self
        })
    }

    pub(crate) fn tagged_bytes(&self) -> TaggedBytes<'_> {
        TaggedBytes {
            tag: self.tag.as_ref().map(EntityTag::as_ref),
            repr_digest: self.repr_digest.as_ref(),
            coding: self.coding.as_ref(),
            start: self.start,
            length: self.length,
            complete: self.complete,
            digest: self.digest,
            first_bytes: &self.first_bytes,
        }
    }
}

/// Returns `Repr-Digest`, if it has a digest by an active algorithm.
pub(super) fn repr_digest(response: &HeaderMap) -> Option<&HeaderValue> {
    let line = lines::only(response, &REPR_DIGEST)?;
    match DigestField::parse(response, &REPR_DIGEST) {
        DigestField::Digests(digests) => digests.iter().next().map(|_| line),
        DigestField::Absent | DigestField::Malformed => None,
    }
}

/// Compares two ranges of one target. The same strong tag means the same bytes (RFC 9110, section
/// 8.8.1), and so does the same digest (RFC 9530, section 3).
pub(crate) fn compare_tagged_bytes(
    one: TaggedBytes<'_>,
    other: TaggedBytes<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    let tags = one
        .tag
        .zip(other.tag)
        .filter(|(one, other)| one.strong_eq(*other));
    let tag = tags.filter(|_| one.coding == other.coding);
    let digest = other
        .repr_digest
        .filter(|_| one.repr_digest == other.repr_digest);
    if (tag.is_none() && digest.is_none()) || !one.differs(other) {
        return;
    }
    if let Some((_, tag)) = tag {
        let detail = format!("{} on other bytes", tag_text(tag));
        findings.push(Code::SameTagOtherBytes.finding(detail));
    }
    if let Some(digest) = digest {
        let detail = format!("{} on other bytes", text(digest));
        findings.push(Code::SameDigestOtherBytes.finding(detail));
    }
}

impl TaggedBytes<'_> {
    /// Returns `true` if the whole contents have different lengths, or if a byte that both ranges
    /// cover differs.
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

    /// Returns the kept bytes from a position on.
    fn from(&self, start: u64) -> &[u8] {
        let at = usize::try_from(start - self.start).unwrap_or(usize::MAX);
        self.first_bytes.get(at..).unwrap_or_default()
    }
}

/// Checks a 206 by itself.
pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if exchange.status != StatusCode::PARTIAL_CONTENT || !exchange.is_read() {
        return;
    }
    // Section 13.1.5: otherwise the client combines parts of two representations.
    let wanted = lines::only(exchange.request, &IF_RANGE)
        .and_then(|line| TagRef::parse(trim_ows(line.as_bytes())));
    if let (Some(wanted), Some(tag)) = (wanted, exchange.tag())
        && !wanted.strong_eq(tag)
    {
        findings.push(Code::PartOfOther.finding(format!(
            "If-Range names {}, and the part is of {}",
            tag_text(wanted),
            tag_text(tag)
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_compared_where_both_are_known() {
        let tag = EntityTag::strong("a").unwrap();
        let bytes = |start, first_bytes: &'static [u8], length| TaggedBytes {
            tag: Some(tag.as_ref()),
            repr_digest: None,
            coding: None,
            start,
            length,
            complete: None,
            digest: [first_bytes.last().copied().unwrap_or_default(); 16],
            first_bytes,
        };
        let differ = |one: TaggedBytes<'_>, other: TaggedBytes<'_>| {
            assert_eq!(one.differs(other), other.differs(one));
            one.differs(other)
        };
        assert!(differ(bytes(0, b"abc", 3), bytes(1, b"xc", 2)));
        assert!(!differ(bytes(0, b"abc", 3), bytes(1, b"bc", 2)));
        assert!(differ(bytes(0, b"abc", 9), bytes(0, b"abd", 9)));
        assert!(!differ(bytes(0, b"abc", 9), bytes(3, b"x", 1)));
        assert!(!differ(bytes(0, b"abc", 9), bytes(u64::MAX, b"x", 1)));
        assert!(differ(bytes(5, b"a", 9), bytes(5, b"b", 8)));

        let of = |complete, bytes| TaggedBytes {
            complete: Some(complete),
            ..bytes
        };
        let part = || bytes(3, b"x", 2);
        assert!(!differ(of(5, bytes(0, b"ab", 5)), part()));
        assert!(differ(of(4, bytes(0, b"ab", 4)), part()));
        assert!(differ(of(5, bytes(0, b"ab", 5)), of(6, part())));
    }
}
