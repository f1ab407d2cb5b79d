use std::time::Duration;

use http::{
    HeaderMap, HeaderValue, Method,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, COOKIE, IF_MATCH, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, IF_UNMODIFIED_SINCE, PRAGMA, PROXY_AUTHORIZATION, RANGE, TRANSFER_ENCODING,
        UPGRADE,
    },
};

use crate::semantics::{
    caching::cache_control::RequestCacheControl,
    condition::ConditionalFields,
    field::{lines, list::members},
};

/// The use of remembered validators for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadMode {
    /// Nothing is looked up, and nothing filled.
    Bypass,
    /// An entry within these limits may answer. The response fills none.
    LookUp(AgeLimits),
    /// An entry within these limits may answer. Otherwise the response may fill one.
    LookUpAndFill(AgeLimits),
    /// The handler answers, even if there is an entry. Its response may fill one.
    AskHandler,
}

/// The limits that a client sets to the age of an answer (RFC 9111, section 5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgeLimits {
    max_age: Option<Duration>,
    min_fresh: Option<Duration>,
}

impl AgeLimits {
    /// No limits.
    pub(crate) const NONE: Self = Self {
        max_age: None,
        min_fresh: None,
    };

    /// Returns `true` if an entry may answer that was read `age` ago, and lives for `ttl` more.
    ///
    /// An entry of age 0 is not within `max-age=0`: a browser sends that if its user wants the page
    /// again.
    pub(crate) fn allow(&self, age: Duration, ttl: Duration) -> bool {
        let is_young = |max| !Duration::is_zero(&max) && age <= max;
        self.max_age.is_none_or(is_young) && self.min_fresh.is_none_or(|min| ttl >= min)
    }
}

/// The headers of a read, as far as they decide about remembered validators.
#[derive(Debug)]
pub(crate) struct ReadConditions<'a> {
    pub(crate) mode: ReadMode,
    /// The conditions that an entry may decide. Empty if nothing is looked up.
    pub(crate) fields: ConditionalFields<&'a HeaderValue>,
}

impl<'a> ReadConditions<'a> {
    /// Reads the headers in one pass, which costs less than twelve lookups.
    ///
    /// `has_principal` is `true` if the application names the user, which is then part of the key.
    pub(crate) fn new(method: &Method, headers: &'a HeaderMap, has_principal: bool) -> Self {
        let mut fields = ConditionalFields::default();
        let mode = read_mode(method, headers, has_principal, &mut fields);
        Self { mode, fields }
    }
}

/// Returns the use of remembered validators for a request, and adds its conditions to `fields`.
#[inline]
fn read_mode<'a>(
    method: &Method,
    headers: &'a HeaderMap,
    has_principal: bool,
    fields: &mut ConditionalFields<&'a HeaderValue>,
) -> ReadMode {
    let is_get = match *method {
        Method::GET => true,
        Method::HEAD => false,
        _ => return ReadMode::Bypass,
    };
    let mut has_range = false;
    let mut has_directives = false;
    for (name, value) in headers {
        match *name {
            IF_NONE_MATCH => fields.push_none_match(value),
            IF_MODIFIED_SINCE => fields.push_modified_since(value),
            // The first two need the authoritative state, whatever their value is (RFC 9111,
            // section 4.3.2). With the others, the handler may switch protocols, or read content
            // that no key covers.
            IF_MATCH | IF_UNMODIFIED_SINCE | UPGRADE | TRANSFER_ENCODING => {
                return ReadMode::Bypass;
            }
            // The response may be for this client alone (RFC 9111, section 3.5).
            AUTHORIZATION | COOKIE | PROXY_AUTHORIZATION if !has_principal => {
                return ReadMode::Bypass;
            }
            CONTENT_LENGTH if value != "0" => return ReadMode::Bypass,
            RANGE => has_range = true,
            CACHE_CONTROL | PRAGMA => has_directives = true,
            _ => {}
        }
    }
    let directives = match has_directives {
        true => ReadDirectives::of(headers),
        false => ReadDirectives::NONE,
    };
    // A response to `HEAD` or to a range is not known to be that of the whole `GET`.
    let may_fill = is_get && !has_range;
    let limits = directives.limits;
    match (directives.no_cache, may_fill) {
        _ if directives.no_store => ReadMode::Bypass,
        (false, true) => ReadMode::LookUpAndFill(limits),
        (false, false) => ReadMode::LookUp(limits),
        (true, true) => ReadMode::AskHandler,
        (true, false) => ReadMode::Bypass,
    }
}

/// The directives of a request that count for remembered validators.
struct ReadDirectives {
    no_store: bool,
    no_cache: bool,
    limits: AgeLimits,
}

impl ReadDirectives {
    const NONE: Self = Self {
        no_store: false,
        no_cache: false,
        limits: AgeLimits::NONE,
    };

    // Most requests have none.
    #[cold]
    fn of(headers: &HeaderMap) -> Self {
        if !lines::has(headers, &CACHE_CONTROL) {
            // `Pragma` counts only without `Cache-Control` (RFC 9111, section 5.4).
            let mut pragmas = members(lines::lines(headers, &PRAGMA));
            let no_cache = pragmas.any(|pragma| pragma.eq_ignore_ascii_case(b"no-cache"));
            return Self {
                no_cache,
                ..Self::NONE
            };
        }
        let directives = RequestCacheControl::of(headers);
        Self {
            no_store: directives.is_no_store(),
            no_cache: directives.is_no_cache(),
            limits: AgeLimits {
                max_age: directives.max_age(),
                min_fresh: directives.min_fresh(),
            },
        }
    }
}
