//! Digests of content that was coded after they were made (RFC 9530).

use http::{HeaderMap, header::CONTENT_ENCODING};

use super::{DecodedRequest, TagCodings};
use crate::semantics::{
    field::{lines, list::members},
    validator::{
        digest_fields::{is_digest, remove_digests},
        validators,
    },
};

/// The two parts of the suffix of a coding.
pub(super) type SuffixParts<'a> = [&'a [u8]; 2];

impl TagCodings {
    /// Removes the digests from coded content, unless its tag names the codings already.
    ///
    /// A digest is that of coded bytes (RFC 9530, section 3). If a layer inside coded the content, it
    /// is that of other bytes. Only a handler that coded the content itself can have put the suffix
    /// into the tag, and its digest is made of the same bytes.
    #[inline]
    pub(super) fn remove_stale_digests(&self, headers: &mut HeaderMap, request: &DecodedRequest) {
        // Most responses have no digest, and reading tag and codings costs more than names.
        if headers.keys().any(is_digest)
            && lines::has(headers, &CONTENT_ENCODING)
            && self.is_coded_inside(headers, request)
        {
            remove_digests(headers);
        }
    }

    #[cold]
    fn is_coded_inside(&self, headers: &HeaderMap, request: &DecodedRequest) -> bool {
        if self.suffixes_of(headers, request).next().is_none() {
            return false;
        }
        let tag = validators::etag(headers);
        !tag.is_some_and(|tag| {
            let suffixes = || self.suffixes_of(headers, request);
            suffixes().all(|suffix| suffix.is_some())
                && self.names_codings(tag.opaque(), || suffixes().flatten())
        })
    }

    /// Returns the suffix for each coding of the content, `None` for one that has none.
    pub(super) fn suffixes_of<'a>(
        &'a self,
        headers: &'a HeaderMap,
        request: &'a DecodedRequest,
    ) -> impl Iterator<Item = Option<SuffixParts<'a>>> {
        members(lines::lines(headers, &CONTENT_ENCODING))
            .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"))
            .map(|coding| self.suffix_of(coding, request.dictionary.as_deref()))
    }

    /// Returns `true` if an opaque text ends with these suffixes, and has no others before them.
    pub(super) fn names_codings<'a, I>(&self, opaque: &[u8], suffixes: impl Fn() -> I) -> bool
    where
        I: Iterator<Item = SuffixParts<'a>>,
    {
        let suffixes = || suffixes().flatten();
        let room = suffixes().map(<[u8]>::len).sum();
        let (rest, end) = opaque.split_at(opaque.len().saturating_sub(room));
        suffixes()
            .try_fold(end, |end, suffix| end.strip_prefix(suffix))
            .is_some_and(|_| !self.looks_coded(rest))
    }
}
