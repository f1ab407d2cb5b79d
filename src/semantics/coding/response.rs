//! From the tags that the service knows to one for each coding.

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, VARY},
};

use super::{
    Asked, TagCodings,
    request::{Accepted, Conditions, Rank},
    suffix::{respell, spell},
};
use crate::semantics::{
    etag::TagRef,
    fields,
    list::{TagMember, entity_tags, members},
    validators, vary,
};

impl TagCodings {
    /// Gives the tag of a response the suffix of its coding, and a 304 the tag
    /// that the client named; says in `Vary` that `Accept-Encoding` chose.
    pub fn encode(&self, status: StatusCode, headers: &mut HeaderMap, asked: &Asked) {
        let Some(tag) = validators::etag(headers) else {
            return;
        };
        if asked.reads && status == StatusCode::NOT_MODIFIED {
            if let Some(conditions) = &asked.conditions {
                self.encode_not_modified(headers, conditions);
            }
        } else if let Some(tag) = self.tag_of_variant(tag, headers, asked.reads) {
            headers.insert(ETAG, tag);
        }
        if asked.reads && matches!(status.as_u16(), 200 | 206 | 304) {
            vary_by_coding(headers);
        }
    }

    /// `None` where the tag stays as it is.
    fn tag_of_variant(
        &self,
        tag: TagRef<'_>,
        headers: &HeaderMap,
        reads: bool,
    ) -> Option<HeaderValue> {
        if tag.is_weak() {
            return None;
        }
        let suffixes = || {
            members(fields::lines(headers, &CONTENT_ENCODING))
                .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"))
                .map(|coding| self.suffix_of(coding))
        };
        if suffixes().next().is_none() {
            // Coded content keeps such a tag, so it can be strong for that only.
            let shared = reads && self.looks_coded(tag.opaque());
            return shared.then(|| respell(true, tag.opaque()));
        }
        // What cannot be mapped back still revalidates as a weak tag.
        if self.weak || suffixes().any(|suffix| suffix.is_none()) {
            return Some(respell(true, tag.opaque()));
        }
        let suffixes = || suffixes().flatten();
        let room = suffixes().map(str::len).sum();
        let opaque = tag.opaque();
        let (rest, end) = opaque.split_at(opaque.len().saturating_sub(room));
        let carried = suffixes()
            .try_fold(end, |end, suffix| end.strip_prefix(suffix.as_bytes()))
            .is_some_and(|_| !self.looks_coded(rest));
        (!carried).then(|| spell(false, opaque, suffixes(), room))
    }

    fn encode_not_modified(&self, headers: &mut HeaderMap, conditions: &Conditions) {
        let Some(current) = validators::etag(headers) else {
            return;
        };
        let may_be_coded = conditions.accepted.any_coding();
        let named = self.named(current, conditions);
        let is_identity = named.is_some_and(|tag| self.is_identity(tag));
        let weak = match named {
            Some(tag) => current.is_weak() || tag.is_weak(),
            // A date or `*` decided, which tells no coding.
            None => current.is_weak() || may_be_coded,
        };
        let opaque = named.map_or(current.opaque(), TagRef::opaque);
        let tag = (weak != current.is_weak() || opaque != current.opaque())
            .then(|| respell(weak, opaque));
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
}

fn vary_by_coding(headers: &mut HeaderMap) {
    let name = ACCEPT_ENCODING.as_str().as_bytes();
    let listed = members(fields::lines(headers, &VARY))
        .any(|member| member == b"*" || member.eq_ignore_ascii_case(name));
    if listed {
        return;
    }
    if fields::has(headers, &VARY) {
        vary::merge(headers, [ACCEPT_ENCODING]);
    } else {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
}
