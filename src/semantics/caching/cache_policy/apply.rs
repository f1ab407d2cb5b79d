//! Applying a policy to the headers of a response.

use std::{cell::LazyCell, sync::LazyLock};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, EXPIRES, VARY},
};

use super::{
    CachePolicy, Precedence,
    cache_headers::CacheHeaders,
    field_policy::{FieldPolicy, restrict_targeted},
    handler_policy::HandlerPolicy,
};
use crate::semantics::{
    caching::{
        cache_control::{CacheControl, Directives, is_targeted, parse_field},
        no_vary_search::NO_VARY_SEARCH,
    },
    field::{HttpDate, lines, vary},
};

/// No directives, or `private` for one user. Used if the handler's headers are kept.
static ONLY_PRIVACY: LazyLock<FieldPolicy> =
    LazyLock::new(|| FieldPolicy::cache_control(CacheControl::new()));

impl CachePolicy {
    /// Applies the policy to the headers of a response to a safe request.
    ///
    /// `authorized` is `true` if the request had `Authorization`. `now` is the time from which
    /// `Expires` counts if there is no `Date`. It is called at most once, and only if there is
    /// an `Expires` to read or to write.
    pub fn apply(&self, headers: &mut HeaderMap, authorized: bool, now: impl FnOnce() -> HttpDate) {
        let present = CacheHeaders::from_headers(headers);
        let for_one_user = self.is_for_one_user(authorized, present.cookies);
        if present.policy || self.expires {
            self.merge(headers, for_one_user, now);
        } else {
            self.write(headers, for_one_user);
        }
        if let Some(line) = &self.vary_line {
            self.add_vary(headers, line, present.vary);
        }
        if let Some(value) = &self.no_vary_search
            && !present.no_vary_search
        {
            headers.insert(NO_VARY_SEARCH, value.clone());
        }
    }

    /// Sets all headers of the policy on a response that has none of them.
    fn write(&self, headers: &mut HeaderMap, for_one_user: bool) {
        self.cache_control
            .write(headers, &CACHE_CONTROL, for_one_user);
        for (field, policy) in &self.targeted {
            policy.write(headers, field, for_one_user);
        }
    }

    fn merge(&self, headers: &mut HeaderMap, for_one_user: bool, now: impl FnOnce() -> HttpDate) {
        if self.precedence == Precedence::Policy {
            headers.remove(CACHE_CONTROL);
            headers.remove(EXPIRES);
            for (field, _) in &self.targeted {
                headers.remove(field);
            }
        }
        let now = LazyCell::new(now);
        let handler = HandlerPolicy::from_headers(headers, || *now);
        let alone = self.precedence == Precedence::Handler && handler.is_about_caching;
        // Even if the handler's headers are kept, a response for one user becomes `private`.
        let policy = if alone {
            &ONLY_PRIVACY
        } else {
            &self.cache_control
        };
        let merged = handler.merge_cache_control(policy, headers, for_one_user);
        if !alone {
            self.merge_targeted(headers, handler.directives, for_one_user);
        }
        restrict_other_targeted(headers, merged.policy, |field| {
            !alone && self.targeted.iter().any(|(name, _)| name == field)
        });
        let wanted = self.expires && !alone;
        handler.update_expires(headers, merged, wanted, alone, || *now);
    }

    /// Protects the cache headers of a response to which no policy applies.
    ///
    /// Makes them `private` if the response is for one user, and rewrites ambiguous ones. Adds
    /// nothing to a response without such headers.
    pub(crate) fn protect_handler_headers(
        &self,
        headers: &mut HeaderMap,
        authorized: bool,
        now: impl FnOnce() -> HttpDate,
    ) {
        let present = CacheHeaders::from_headers(headers);
        if !present.policy {
            return;
        }
        let now = LazyCell::new(now);
        let handler = HandlerPolicy::from_headers(headers, || *now);
        if handler.is_about_caching || headers.keys().any(is_targeted) {
            let for_one_user = self.is_for_one_user(authorized, present.cookies);
            let merged = handler.merge_cache_control(&ONLY_PRIVACY, headers, for_one_user);
            restrict_other_targeted(headers, merged.policy, |_| false);
            handler.update_expires(headers, merged, false, true, || *now);
        }
    }

    /// Returns `true` if the response must not be shared between users.
    fn is_for_one_user(&self, authorized: bool, cookies: bool) -> bool {
        (authorized && !self.share_authorized) || (cookies && !self.share_cookies)
    }

    /// Merges the policy into its targeted headers.
    fn merge_targeted(&self, headers: &mut HeaderMap, handler: Directives, for_one_user: bool) {
        for (field, policy) in &self.targeted {
            let existing = parse_field(headers, field);
            // Without the header, these caches would have used `Cache-Control` (RFC 9213,
            // section 2.2), so the handler's directives in `Cache-Control` are for them too.
            let handler = existing.map_or(handler, |field| field.directives);
            policy.merge(headers, field, handler, existing, false, for_one_user);
        }
    }

    /// Adds the names of this policy to `Vary`.
    ///
    /// For a 304 without a known policy, this is all that is changed.
    pub(crate) fn merge_vary(&self, headers: &mut HeaderMap) {
        if let Some(line) = &self.vary_line {
            self.add_vary(headers, line, lines::has(headers, &VARY));
        }
    }

    /// Returns the names that this policy adds to `Vary`.
    pub(crate) fn vary_names(&self) -> impl Iterator<Item = &HeaderName> + Clone {
        self.vary.iter()
    }

    fn add_vary(&self, headers: &mut HeaderMap, line: &HeaderValue, is_present: bool) {
        if is_present {
            vary::merge(headers, self.vary.iter().cloned());
        } else {
            headers.insert(VARY, line.clone());
        }
    }
}

/// Adds restrictions to the targeted headers of the handler that the policy does not set.
/// Ambiguous headers are rewritten.
fn restrict_other_targeted(
    headers: &mut HeaderMap,
    policy: Directives,
    is_set_by_policy: impl Fn(&HeaderName) -> bool,
) {
    let is_other = |field: &&HeaderName| is_targeted(field) && !is_set_by_policy(field);
    // Most responses have no such header, and the list of names would be an allocation.
    if headers.keys().any(|field| is_other(&field)) {
        let others: Vec<_> = headers.keys().filter(is_other).cloned().collect();
        for field in others {
            restrict_targeted(headers, &field, policy.restrictions());
        }
    }
}
