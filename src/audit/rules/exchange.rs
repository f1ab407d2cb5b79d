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

/// The heads of a request and its response.
#[derive(Debug)]
pub(crate) struct AuditedExchange<'a> {
    pub(crate) method: &'a Method,
    /// The path and query of the request.
    pub(crate) target: &'a str,
    pub(crate) request: &'a HeaderMap,
    pub(crate) status: StatusCode,
    pub(crate) response: &'a HeaderMap,
    pub(crate) now: HttpDate,
    /// The longest lifetime that needs no `immutable`.
    pub(crate) max_lifetime: Duration,
    /// The `Cache-Control` of the response.
    pub(crate) policy: &'a CacheControl,
}

impl<'a> AuditedExchange<'a> {
    /// The difference in seconds below which two lifetimes are equal. Time passes between two
    /// responses.
    pub(super) const SKEW: u64 = 5;

    /// Returns `true` for `GET` and `HEAD`, whose responses caches store.
    pub(super) fn is_read(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD)
    }

    pub(super) fn tag(&self) -> Option<TagRef<'a>> {
        validators::etag(self.response)
    }

    pub(super) fn has(&self, name: &HeaderName) -> bool {
        lines::has(self.response, name)
    }

    /// Returns `true` if `If-None-Match` names `tag` (RFC 9110, section 13.1.2).
    pub(super) fn if_none_match_names(&self, tag: TagRef<'_>) -> bool {
        entity_tags(self.request.get_all(IF_NONE_MATCH))
            .any(|member| matches!(member, TagMember::Tag(named) if named.weak_eq(tag)))
    }

    /// Returns `true` if a cache stores the response even without an explicit lifetime (RFC
    /// 9110, section 15.1).
    pub(super) fn is_heuristically_cacheable(&self) -> bool {
        let status = self.status.as_u16();
        self.is_read()
            && matches!(
                status,
                200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
            )
    }

    /// Returns the seconds that `Expires` grants (RFC 9111, section 4.2.1), which are zero if it
    /// is invalid or repeated.
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

    /// Returns the longest time in seconds for which the response lets any cache use it without
    /// revalidation.
    pub(super) fn lifetime(&self) -> u64 {
        let policy = self.policy;
        if policy.is_no_store() || policy.is_no_cache() {
            return 0;
        }
        let explicit = policy.max_age().max(policy.s_maxage());
        explicit
            .map(|explicit| explicit.as_secs())
            .or_else(|| self.expires())
            .unwrap_or(0)
    }
}

/// Returns a header value for a report, truncated if it is long.
pub(super) fn text(value: &HeaderValue) -> String {
    truncate(&String::from_utf8_lossy(value.as_bytes()))
}

/// Returns a tag for a report.
pub(super) fn tag_text(tag: TagRef<'_>) -> String {
    let weak = if tag.is_weak() { "W/" } else { "" };
    truncate(&format!(
        "{weak}\"{}\"",
        String::from_utf8_lossy(tag.opaque())
    ))
}

/// Returns a text for a report, truncated if it is long.
pub(super) fn truncate(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns `Content-Encoding`, unless it is `identity`.
pub(super) fn coding(response: &HeaderMap) -> Option<&HeaderValue> {
    let coding = lines::first(response, &CONTENT_ENCODING);
    coding.filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
