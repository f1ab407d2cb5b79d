//! Gives the tags of responses the suffixes of their codings.

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, LAST_MODIFIED, VARY},
};

use super::{
    DecodedRequest, TagCodings,
    decode::{AcceptedVariants, ConditionalCodings, VariantRank},
    dictionary::AVAILABLE_DICTIONARY,
    suffix::{write_plain_tag, write_tag},
};
use crate::semantics::{
    field::{lines, list::members, vary},
    validator::{TagMember, TagRef, digest_fields::remove_digests, entity_tags, validators},
};

/// Returns `true` if [`TagCodings::encode`] may have something to do, judged by the status and
/// the names of the headers.
#[inline]
pub(crate) fn may_be_validated(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::NOT_MODIFIED
        || headers
            .keys()
            .any(|name| matches!(*name, ETAG | LAST_MODIFIED | CONTENT_ENCODING))
}

impl TagCodings {
    /// Adds the suffix of its coding to the tag of a response. A 304 gets the tag that the
    /// client named. Also adds `Accept-Encoding` to `Vary`, and removes digests of other bytes.
    pub fn encode(&self, status: StatusCode, headers: &mut HeaderMap, request: &DecodedRequest) {
        // The tag still shows if the handler coded the content.
        self.remove_stale_digests(headers, request);
        let tag = validators::etag(headers);
        // A 304 without a validator is the response to `If-None-Match: *`.
        let validated = tag.is_some()
            || lines::has(headers, &LAST_MODIFIED)
            || status == StatusCode::NOT_MODIFIED;
        if !validated {
            return;
        }
        if request.reads && status == StatusCode::NOT_MODIFIED {
            if let Some(conditions) = &request.conditions {
                self.encode_not_modified(headers, conditions);
            }
        } else if let Some(tag) = tag.and_then(|tag| self.tag_of_variant(tag, headers, request)) {
            headers.insert(ETAG, tag);
        }
        if request.reads && matches!(status.as_u16(), 200 | 206 | 304) {
            self.add_to_vary(headers);
        }
    }

    /// Returns the tag of a coded variant, or `None` if the tag stays as it is.
    fn tag_of_variant(
        &self,
        tag: TagRef<'_>,
        headers: &HeaderMap,
        request: &DecodedRequest,
    ) -> Option<HeaderValue> {
        if tag.is_weak() {
            return None;
        }
        let suffixes = || self.suffixes_of(headers, request);
        if suffixes().next().is_none() {
            // The tag of plain content looks as if it had a suffix. Coded content with that
            // suffix would keep it, so only a weak tag can be used for both.
            let shared = request.reads && self.looks_coded(tag.opaque());
            return shared.then(|| write_plain_tag(true, tag.opaque()));
        }
        // A tag that cannot be mapped back still revalidates as a weak one.
        if self.weak || suffixes().any(|suffix| suffix.is_none()) {
            return Some(write_plain_tag(true, tag.opaque()));
        }
        let suffixes = || suffixes().flatten();
        let opaque = tag.opaque();
        // A handler that codes its content itself may have added the suffixes already.
        if self.names_codings(opaque, suffixes) {
            return None;
        }
        let suffixes = || suffixes().flatten();
        let room = suffixes().map(<[u8]>::len).sum();
        Some(write_tag(false, opaque, suffixes(), room))
    }

    fn encode_not_modified(&self, headers: &mut HeaderMap, conditions: &ConditionalCodings) {
        let may_be_coded = conditions.accepted.accepts_any_coding();
        let current = validators::etag(headers);
        let named = current.and_then(|current| self.tag_of_client(current, conditions));
        let is_identity = named.is_some_and(|tag| self.is_identity(tag));
        let tag = current.and_then(|current| {
            let weak = match named {
                Some(tag) => current.is_weak() || tag.is_weak(),
                // A date or `*` decided, and neither shows which coding the client has.
                None => current.is_weak() || may_be_coded,
            };
            let opaque = named.map_or(current.opaque(), TagRef::opaque);
            (weak != current.is_weak() || opaque != current.opaque())
                .then(|| write_plain_tag(weak, opaque))
        });
        if let Some(tag) = tag {
            headers.insert(ETAG, tag);
        }
        // `Content-Length` and digests are those of plain content, but the client may have a coded
        // variant (RFC 9110, section 8.6).
        if may_be_coded && !is_identity {
            headers.remove(CONTENT_LENGTH);
            remove_digests(headers);
        }
    }

    /// Returns the tag in `If-None-Match` that matches the current one. If there are several,
    /// the variant with the highest rank wins, and of one variant the strong form.
    fn tag_of_client<'a>(
        &self,
        current: TagRef<'_>,
        conditions: &'a ConditionalCodings,
    ) -> Option<TagRef<'a>> {
        entity_tags(&conditions.none_match)
            .filter_map(|member| match member {
                TagMember::Tag(tag) => Some((self.rank(tag, current, &conditions.accepted)?, tag)),
                TagMember::Malformed(_) => None,
            })
            .max_by_key(|(rank, tag)| (*rank, !tag.is_weak()))
            .map(|(_, tag)| tag)
    }

    /// Returns the rank of the tag's variant, or `None` if the tag does not match the current
    /// one.
    fn rank(
        &self,
        tag: TagRef<'_>,
        current: TagRef<'_>,
        accepted: &AcceptedVariants,
    ) -> Option<VariantRank> {
        let coded = accepted.plain_tag(tag.opaque(), self);
        if !tag.weak_eq(current) {
            let (plain, rank) = coded?;
            return (plain == current.opaque()).then_some(rank);
        }
        self.may_get(tag, accepted).then(|| {
            let uncoded = || accepted.identity_rank().unwrap_or(VariantRank::LEAST);
            coded.map_or_else(uncoded, |(_, rank)| rank)
        })
    }

    /// Adds the headers that select the variant to `Vary`. If a dictionary may be used,
    /// `Available-Dictionary` is one of them (RFC 9842, section 6.2).
    fn add_to_vary(&self, headers: &mut HeaderMap) {
        let uses_dictionary = self.uses_dictionary;
        // Without a `Vary`, no list has to be written.
        if !lines::has(headers, &VARY) {
            headers.insert(
                VARY,
                HeaderValue::from_static(if uses_dictionary {
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
        let dictionary = uses_dictionary.then_some(AVAILABLE_DICTIONARY);
        let missing = [Some(ACCEPT_ENCODING), dictionary]
            .map(|field| field.filter(|field| !is_listed(field)));
        vary::merge(headers, missing.into_iter().flatten());
    }
}
