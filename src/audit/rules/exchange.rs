use std::time::Duration;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_ENCODING, DATE, EXPIRES, IF_NONE_MATCH},
};

use crate::semantics::{
    caching::cache_control::CacheControl,
    field::{HttpDate, lines},
    validator::{TagMember, TagRef, entity_tags, validators},
};

/// The heads of a request and of its answer.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a Method,
    /// The request's path and query.
    pub(crate) target: &'a str,
    pub(crate) request: &'a HeaderMap,
    pub(crate) status: StatusCode,
    pub(crate) response: &'a HeaderMap,
    pub(crate) now: HttpDate,
    /// The longest lifetime that needs no `immutable`.
    pub(crate) longest: Duration,
    /// What the response's `Cache-Control` says.
    pub(crate) policy: &'a CacheControl,
}

impl<'a> Exchange<'a> {
    /// How far two lifetimes may lie apart that are one, in seconds: the message
    /// took a while.
    pub(super) const SKEW: u64 = 5;

    /// `GET` or `HEAD`, the answers to which caches keep.
    pub(super) fn reads(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD)
    }

    pub(super) fn tag(&self) -> Option<TagRef<'a>> {
        validators::etag(self.response)
    }

    pub(super) fn has(&self, name: &HeaderName) -> bool {
        lines::has(self.response, name)
    }

    /// Whether `If-None-Match` names `tag` (RFC 9110, section 13.1.2).
    pub(super) fn names(&self, tag: TagRef<'_>) -> bool {
        entity_tags(self.request.get_all(IF_NONE_MATCH))
            .any(|member| matches!(member, TagMember::Tag(named) if named.weak_eq(tag)))
    }

    /// Whether a cache keeps such an answer though nothing says for how long
    /// (RFC 9110, section 15.1).
    pub(super) fn is_heuristically_cacheable(&self) -> bool {
        let status = self.status.as_u16();
        self.reads()
            && matches!(
                status,
                200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
            )
    }

    /// The seconds that `Expires` grants (RFC 9111, section 4.2.1): none where
    /// it is no date or stands twice.
    pub(super) fn expires(&self) -> Option<u64> {
        if !self.has(&EXPIRES) {
            return None;
        }
        let date = |name| {
            let line = lines::only(self.response, name)?;
            HttpDate::parse(line.as_bytes(), self.now)
        };
        let sent = date(&DATE).unwrap_or(self.now);
        let end = date(&EXPIRES).unwrap_or(sent);
        Some(end.saturating_duration_since(sent).as_secs())
    }

    /// The longest that any cache may use the response without asking, as far
    /// as the response says, in seconds.
    pub(super) fn lifetime(&self) -> u64 {
        let policy = self.policy;
        if policy.is_no_store() || policy.is_no_cache() {
            return 0;
        }
        let said = policy.max_age().max(policy.s_maxage());
        said.map(|said| said.as_secs())
            .or_else(|| self.expires())
            .unwrap_or(0)
    }
}

/// A field value for a reader, cut where it is long.
pub(super) fn text(value: &HeaderValue) -> String {
    cut(&String::from_utf8_lossy(value.as_bytes()))
}

/// A tag for a reader.
pub(super) fn tag_text(tag: TagRef<'_>) -> String {
    let weak = if tag.is_weak() { "W/" } else { "" };
    cut(&format!(
        "{weak}\"{}\"",
        String::from_utf8_lossy(tag.opaque())
    ))
}

/// A text for a reader, cut where it is long.
pub(super) fn cut(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `Content-Encoding`, unless that says nothing.
pub(super) fn coding(response: &HeaderMap) -> Option<&HeaderValue> {
    let coding = lines::first(response, &CONTENT_ENCODING);
    coding.filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
