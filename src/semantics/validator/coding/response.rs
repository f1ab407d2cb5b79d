//! From the tags that the service knows to one for each coding.

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, LAST_MODIFIED, VARY},
};

use super::{
    Asked, TagCodings,
    dictionary::AVAILABLE_DICTIONARY,
    request::{Accepted, Conditions, Rank},
    suffix::{respell, spell},
};
use crate::semantics::{
    field::{lines, list::members, vary},
    validator::{TagMember, TagRef, entity_tags, validators},
};

/// Returns `true` if there is something to do for [`TagCodings::encode`], as far as names
/// and the status tell.
#[inline]
pub(crate) fn may_be_validated(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::NOT_MODIFIED
        || headers
            .keys()
            .any(|name| matches!(*name, ETAG | LAST_MODIFIED))
}

impl TagCodings {
    /// Gives the tag of a response the suffix of its coding, and a 304 the tag
    /// that the client named; says in `Vary` that `Accept-Encoding` chose.
    pub fn encode(&self, status: StatusCode, headers: &mut HeaderMap, asked: &Asked) {
        let tag = validators::etag(headers);
        // A 304 without a validator is the answer to `If-None-Match: *`.
        let validated = tag.is_some()
            || lines::has(headers, &LAST_MODIFIED)
            || status == StatusCode::NOT_MODIFIED;
        if !validated {
            return;
        }
        if asked.reads && status == StatusCode::NOT_MODIFIED {
            if let Some(conditions) = &asked.conditions {
                self.encode_not_modified(headers, conditions);
            }
        } else if let Some(tag) = tag.and_then(|tag| self.tag_of_variant(tag, headers, asked)) {
            headers.insert(ETAG, tag);
        }
        if asked.reads && matches!(status.as_u16(), 200 | 206 | 304) {
            self.vary(headers);
        }
    }

    /// `None` where the tag stays as it is.
    fn tag_of_variant(
        &self,
        tag: TagRef<'_>,
        headers: &HeaderMap,
        asked: &Asked,
    ) -> Option<HeaderValue> {
        if tag.is_weak() {
            return None;
        }
        let suffixes = || {
            members(lines::lines(headers, &CONTENT_ENCODING))
                .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"))
                .map(|coding| self.suffix_of(coding, asked.dictionary.as_deref()))
        };
        if suffixes().next().is_none() {
            // Coded content keeps such a tag, so it can be strong for that only.
            let shared = asked.reads && self.looks_coded(tag.opaque());
            return shared.then(|| respell(true, tag.opaque()));
        }
        // What cannot be mapped back still revalidates as a weak tag.
        if self.weak || suffixes().any(|suffix| suffix.is_none()) {
            return Some(respell(true, tag.opaque()));
        }
        let suffixes = || suffixes().flatten().flatten();
        let room = suffixes().map(<[u8]>::len).sum();
        let opaque = tag.opaque();
        let (rest, end) = opaque.split_at(opaque.len().saturating_sub(room));
        let carried = suffixes()
            .try_fold(end, |end, suffix| end.strip_prefix(suffix))
            .is_some_and(|_| !self.looks_coded(rest));
        (!carried).then(|| spell(false, opaque, suffixes(), room))
    }

    fn encode_not_modified(&self, headers: &mut HeaderMap, conditions: &Conditions) {
        let may_be_coded = conditions.accepted.any_coding();
        let current = validators::etag(headers);
        let named = current.and_then(|current| self.named(current, conditions));
        let is_identity = named.is_some_and(|tag| self.is_identity(tag));
        let tag = current.and_then(|current| {
            let weak = match named {
                Some(tag) => current.is_weak() || tag.is_weak(),
                // A date or `*` decided, which tells no coding.
                None => current.is_weak() || may_be_coded,
            };
            let opaque = named.map_or(current.opaque(), TagRef::opaque);
            (weak != current.is_weak() || opaque != current.opaque()).then(|| respell(weak, opaque))
        });
        if let Some(tag) = tag {
            headers.insert(ETAG, tag);
        }
        // The service knows the length without coding (RFC 9110, section 8.6).
        if may_be_coded && !is_identity {
            headers.remove(CONTENT_LENGTH);
        }
    }

    /// Of the tags that the client named and that stand for the current one,
    /// that of the variant which the request would be given most readily.
    fn named<'a>(&self, current: TagRef<'_>, conditions: &'a Conditions) -> Option<TagRef<'a>> {
        entity_tags(&conditions.none_match)
            .filter_map(|member| match member {
                TagMember::Tag(tag) => Some((self.rank(tag, current, &conditions.accepted)?, tag)),
                TagMember::Malformed(_) => None,
            })
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, tag)| tag)
    }

    /// `None` where the tag does not stand for the current one.
    fn rank(&self, tag: TagRef<'_>, current: TagRef<'_>, accepted: &Accepted) -> Option<Rank> {
        let coded = accepted.plain(tag.opaque(), self);
        if !tag.weak_eq(current) {
            let (plain, rank) = coded?;
            return (plain == current.opaque()).then_some(rank);
        }
        self.is_given(tag, accepted).then(|| {
            let uncoded = || accepted.identity().unwrap_or(Rank::LEAST);
            coded.map_or_else(uncoded, |(_, rank)| rank)
        })
    }

    /// Both fields choose where a dictionary may be used (RFC 9842, section
    /// 6.2).
    fn vary(&self, headers: &mut HeaderMap) {
        let by_dictionary = self.by_dictionary;
        if !lines::has(headers, &VARY) {
            headers.insert(
                VARY,
                HeaderValue::from_static(if by_dictionary {
                    "accept-encoding, available-dictionary"
                } else {
                    "accept-encoding"
                }),
            );
            return;
        }
        let is_listed = |field: &HeaderName| {
            let name = field.as_str().as_bytes();
            members(lines::lines(headers, &VARY))
                .any(|member| member == b"*" || member.eq_ignore_ascii_case(name))
        };
        let dictionary = by_dictionary.then_some(AVAILABLE_DICTIONARY);
        let missing = [Some(ACCEPT_ENCODING), dictionary]
            .map(|field| field.filter(|field| !is_listed(field)));
        vary::merge(headers, missing.into_iter().flatten());
    }
}
