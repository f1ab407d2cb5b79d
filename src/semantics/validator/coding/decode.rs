//! Maps the tags of a request back to those that the service knows.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE},
};

use super::{TagCodings, dictionary::DictionaryHash};
use crate::semantics::{
    field::{accept_encoding, lines, method::may_be_not_modified},
    validator::{TagMember, TagRef, entity_tags},
};

/// The parts of a request that [`TagCodings::encode`] needs for its response. A request
/// without conditions and without a dictionary needs no allocation.
#[derive(Debug, Clone)]
pub struct DecodedRequest {
    /// `true` for a method whose response may be a 304.
    pub(super) reads: bool,
    // Both are boxed, since most requests have neither.
    pub(super) dictionary: Option<Box<DictionaryHash>>,
    /// The conditions, if the request is a conditional read.
    pub(super) conditions: Option<Box<ConditionalCodings>>,
}

/// The parts of a conditional read that its response depends on.
#[derive(Debug, Clone)]
pub(super) struct ConditionalCodings {
    pub(super) accepted: AcceptedVariants,
    /// `If-None-Match` as the client sent it.
    pub(super) none_match: Vec<HeaderValue>,
}

/// The rank of a variant for a request: the weight in `Accept-Encoding`, then the preference
/// of the compression layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VariantRank {
    weight: u16,
    preference: u16,
}

impl VariantRank {
    pub(super) const LEAST: Self = Self {
        weight: 0,
        preference: 0,
    };
    const MOST: Self = Self {
        weight: u16::MAX,
        preference: u16::MAX,
    };
}

/// The variants that a read accepts.
#[derive(Debug, Clone)]
pub(super) struct AcceptedVariants {
    /// The rank of each suffix, or `None` if the request does not accept its coding.
    coded: Vec<Option<VariantRank>>,
    identity: Option<VariantRank>,
    dictionary: Option<DictionaryHash>,
}

impl AcceptedVariants {
    fn from_headers(
        headers: &HeaderMap,
        codings: &TagCodings,
        dictionary: Option<DictionaryHash>,
    ) -> Self {
        let coded = codings.suffixes().iter().map(|suffix| {
            let weight = accept_encoding::weight(headers, suffix.coding());
            let is_accepted = weight > 0 && (dictionary.is_some() || !suffix.uses_dictionary());
            is_accepted.then_some(VariantRank {
                weight,
                preference: suffix.preference(),
            })
        });
        Self {
            coded: coded.collect(),
            identity: accept_encoding::identity_weight(headers).map(|weight| VariantRank {
                weight,
                preference: 0,
            }),
            dictionary,
        }
    }

    /// Returns `true` if the selected variant may be a coded one.
    pub(super) fn accepts_any_coding(&self) -> bool {
        self.coded.iter().any(Option::is_some)
    }

    pub(super) fn identity_rank(&self) -> Option<VariantRank> {
        self.identity
    }

    /// Returns the plain tag of a coded variant and the variant's rank. Returns `None` if the
    /// tag has no suffix, or if the request does not accept the variant.
    pub(super) fn plain_tag<'t>(
        &self,
        opaque: &'t [u8],
        codings: &TagCodings,
    ) -> Option<(&'t [u8], VariantRank)> {
        // Content with several codings has the lowest of their ranks. If one of them is not
        // accepted, `None` is the lowest.
        let mut least = Some(VariantRank::MOST);
        let plain = codings.strip(opaque, |found| {
            let is_same = found.dictionary.is_none() || found.dictionary == self.dictionary;
            least = least.min(self.coded[found.at].filter(|_| is_same));
        })?;
        Some((plain, least?))
    }
}

/// The way in which the tags of one header are mapped.
enum TagMapping<'a> {
    /// `If-Match` of a read.
    Match(&'a AcceptedVariants),
    /// `If-None-Match` of a read.
    NoneMatch(&'a AcceptedVariants),
    /// Either header of any other method.
    Write,
}

/// The result of mapping one tag of a list.
enum MappedTag<'t> {
    /// The tag stays as it is.
    Unchanged,
    /// The tag is left out: the request would not get the variant with this tag.
    Removed,
    /// The plain tag replaces it.
    Plain(&'t [u8]),
    /// The plain tag and the tag itself, which the handler may have made.
    Both(&'t [u8]),
}

impl TagCodings {
    /// Maps the tags in `If-Match` and `If-None-Match` back to those that the service knows.
    /// Returns the parts of the request that [`encode`](Self::encode) needs.
    pub fn decode(&self, method: &Method, headers: &mut HeaderMap) -> DecodedRequest {
        let mut decoded = self.decode_unconditional(method, headers);
        if !is_conditional(headers) {
            return decoded;
        }
        // Tags of all codings name the version that a write replaces (RFC 9110, section
        // 13.1.1), for every `Accept-Encoding` of the write.
        if !decoded.reads {
            self.map_header(headers, &IF_MATCH, &TagMapping::Write);
            self.map_header(headers, &IF_NONE_MATCH, &TagMapping::Write);
            return decoded;
        }
        let accepted =
            AcceptedVariants::from_headers(headers, self, decoded.dictionary.as_deref().copied());
        let none_match = lines::lines(headers, &IF_NONE_MATCH).cloned().collect();
        self.map_header(headers, &IF_NONE_MATCH, &TagMapping::NoneMatch(&accepted));
        // A part of plain content must not be joined to coded bytes. All variants share a date, and
        // a tag with a suffix is that of coded bytes. Such a range becomes a whole response, also
        // if the service does not read `If-Range`.
        let may_join_coded = match lines::first(headers, &IF_RANGE) {
            Some(line) => match single_tag(line) {
                Some(tag) => self.looks_coded(tag.opaque()),
                None => accepted.accepts_any_coding(),
            },
            None => {
                lines::has(headers, &IF_UNMODIFIED_SINCE)
                    && !lines::has(headers, &IF_MATCH)
                    && accepted.accepts_any_coding()
            }
        };
        if may_join_coded {
            headers.remove(RANGE);
        }
        // The service cuts a part from plain content, so `If-Match` with the tag of a coded
        // variant must fail. Ranges are for GET only (RFC 9110, section 14.2).
        if *method != Method::GET || !lines::has(headers, &RANGE) {
            self.map_header(headers, &IF_MATCH, &TagMapping::Match(&accepted));
        }
        decoded.conditions = Some(Box::new(ConditionalCodings {
            accepted,
            none_match,
        }));
        decoded
    }

    /// Does the same as [`decode`](Self::decode) for a request that is not
    /// [conditional](is_conditional), without changing its headers.
    #[inline]
    pub(crate) fn decode_unconditional(
        &self,
        method: &Method,
        headers: &HeaderMap,
    ) -> DecodedRequest {
        DecodedRequest {
            reads: may_be_not_modified(method),
            dictionary: self
                .uses_dictionary
                .then(|| DictionaryHash::from_headers(headers).map(Box::new))
                .flatten(),
            conditions: None,
        }
    }

    fn map_header(&self, headers: &mut HeaderMap, field: &HeaderName, mapping: &TagMapping<'_>) {
        for (_, line) in headers.iter_mut().filter(|(name, _)| *name == field) {
            if let Some(mapped) = self.map_line(line, mapping) {
                *line = mapped;
            }
        }
    }

    /// Returns the mapped line, or `None` if it stays as it is.
    fn map_line(&self, line: &HeaderValue, mapping: &TagMapping<'_>) -> Option<HeaderValue> {
        let members = || entity_tags([line]);
        let stays = |member| match member {
            TagMember::Tag(tag) => matches!(self.map_tag(tag, mapping), MappedTag::Unchanged),
            TagMember::Malformed(_) => true,
        };
        if members().all(stays) {
            // Most lines need no copy.
            return None;
        }
        let mut list = TagListWriter::default();
        for member in members() {
            match member {
                TagMember::Malformed(text) => list.push(text),
                TagMember::Tag(tag) => match self.map_tag(tag, mapping) {
                    MappedTag::Unchanged => list.push_tag(tag.is_weak(), tag.opaque()),
                    MappedTag::Removed => {}
                    MappedTag::Plain(plain) => list.push_tag(tag.is_weak(), plain),
                    MappedTag::Both(plain) => {
                        list.push_tag(tag.is_weak(), plain);
                        list.push_tag(tag.is_weak(), tag.opaque());
                    }
                },
            }
        }
        Some(HeaderValue::from_bytes(&list.0).expect("made of parts of a field value"))
    }

    fn map_tag<'t>(&self, tag: TagRef<'t>, mapping: &TagMapping<'_>) -> MappedTag<'t> {
        let accepted = match mapping {
            TagMapping::Write => {
                return self
                    .strip(tag.opaque(), |_| {})
                    .map_or(MappedTag::Unchanged, MappedTag::Plain);
            }
            TagMapping::Match(accepted) | TagMapping::NoneMatch(accepted) => accepted,
        };
        if let Some((plain, _)) = accepted.plain_tag(tag.opaque(), self) {
            return MappedTag::Both(plain);
        }
        match mapping {
            TagMapping::NoneMatch(_) if !self.may_get(tag, accepted) => MappedTag::Removed,
            _ => MappedTag::Unchanged,
        }
    }

    /// Returns `true` if the request may get the variant with this tag. A weak tag may belong
    /// to any variant.
    pub(super) fn may_get(&self, tag: TagRef<'_>, accepted: &AcceptedVariants) -> bool {
        if self.is_identity(tag) {
            accepted.identity_rank().is_some()
        } else {
            tag.is_weak() || accepted.plain_tag(tag.opaque(), self).is_some()
        }
    }

    /// Returns `true` if the tag belongs to content without coding. A weak tag may belong to
    /// any content.
    pub(super) fn is_identity(&self, tag: TagRef<'_>) -> bool {
        !tag.is_weak() && !self.looks_coded(tag.opaque())
    }
}

/// Returns `true` if the request has a conditional header, well-formed or not.
#[inline]
pub(crate) fn is_conditional(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        matches!(
            *name,
            IF_MATCH | IF_NONE_MATCH | IF_MODIFIED_SINCE | IF_UNMODIFIED_SINCE | IF_RANGE
        )
    })
}

/// Returns the tag of a line of `If-Range`, or `None` if the line has a date.
fn single_tag(line: &HeaderValue) -> Option<TagRef<'_>> {
    match entity_tags([line]).next()? {
        TagMember::Tag(tag) => Some(tag),
        TagMember::Malformed(_) => None,
    }
}

/// A writer of a list of tags.
#[derive(Default)]
struct TagListWriter(Vec<u8>);

impl TagListWriter {
    fn push(&mut self, member: &[u8]) {
        self.separate();
        self.0.extend_from_slice(member);
    }

    fn push_tag(&mut self, weak: bool, opaque: &[u8]) {
        self.separate();
        self.0.extend_from_slice(if weak { b"W/\"" } else { b"\"" });
        self.0.extend_from_slice(opaque);
        self.0.push(b'"');
    }

    fn separate(&mut self) {
        if !self.0.is_empty() {
            self.0.extend_from_slice(b", ");
        }
    }
}
