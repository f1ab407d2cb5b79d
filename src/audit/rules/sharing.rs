//! Responses for one user that shared caches may give to others (RFC 9111, sections 3.5 and 7.3;
//! RFC 9213).

use http::{
    HeaderName,
    header::{AUTHORIZATION, CACHE_CONTROL, SET_COOKIE},
};

use super::{AuditedExchange, Code, RuleFinding};
use crate::semantics::{
    caching::cache_control::{CacheControl, is_targeted},
    field::lines,
};

pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if !exchange.is_read() {
        return;
    }
    let sets_cookie = exchange.has(&SET_COOKIE);
    let authorized = lines::has(exchange.request, &AUTHORIZATION);
    let mut laxer = Vec::new();
    for name in targeted_names(exchange) {
        let policy = CacheControl::of_field(exchange.response, name);
        // RFC 9213, section 2.1: an empty header is ignored.
        if !policy.is_empty() && allows_sharing(&policy) && has_lifetime(&policy) {
            laxer.push(name);
        }
    }
    if sets_cookie {
        let is_stored = exchange.is_heuristically_cacheable() || exchange.lifetime() > 0;
        let general = is_stored && allows_sharing_cookies(exchange);
        add_finding(exchange, Code::SharedCookie, general, &laxer, findings);
    }
    if authorized {
        let policy = exchange.policy;
        // RFC 9111, section 3.5: only these directives allow it.
        let allowed = policy.is_public() || policy.s_maxage().is_some() || {
            policy.is_must_revalidate() && exchange.lifetime() > 0
        };
        let general = allows_sharing(policy) && allowed && policy.s_maxage() != Some(ZERO);
        add_finding(
            exchange,
            Code::SharedAuthorization,
            general,
            &laxer,
            findings,
        );
    }
    let is_restricted = exchange.policy.is_private() || exchange.policy.is_no_store();
    if is_restricted && !sets_cookie && !authorized {
        for name in laxer {
            findings.push(Code::LaxerTargetedField.finding(describe_targeted(exchange, name)));
        }
    }
}

const ZERO: std::time::Duration = std::time::Duration::ZERO;

/// The time for which a shared cache may use a response for all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sharing {
    /// Never without revalidation.
    Never,
    /// A time that the cache chooses (RFC 9111, section 4.2.2).
    Guessed,
    /// The time in the response.
    Granted,
}

impl Sharing {
    pub(super) fn of(exchange: &AuditedExchange<'_>) -> Self {
        let policy = exchange.policy;
        let lifetime = policy.s_maxage().or(policy.max_age());
        let general = match lifetime {
            _ if !allows_sharing(policy) => Self::Never,
            // s-maxage=0 and max-age=0 require revalidation.
            Some(ZERO) => Self::Never,
            Some(_) => Self::Granted,
            None => match exchange.expires() {
                Some(0) => Self::Never,
                None if !policy.is_public() => Self::Guessed,
                _ => Self::Granted,
            },
        };
        let is_laxer = |name: &HeaderName| {
            let policy = CacheControl::of_field(exchange.response, name);
            !policy.is_empty() && allows_sharing(&policy) && has_lifetime(&policy)
        };
        if targeted_names(exchange).any(is_laxer) {
            return Self::Granted;
        }
        general
    }
}

/// Returns the headers that a CDN reads instead of `Cache-Control`.
pub(super) fn targeted_names<'a>(
    exchange: &AuditedExchange<'a>,
) -> impl Iterator<Item = &'a HeaderName> {
    let fields = exchange.response.keys();
    fields.filter(|name| is_targeted(name))
}

/// Returns `true` if a shared cache may use the response without revalidation.
pub(super) fn allows_sharing(policy: &CacheControl) -> bool {
    !policy.is_no_store() && !policy.is_private() && !policy.is_no_cache()
}

/// Returns `true` if a shared cache may use the response for any time.
fn has_lifetime(policy: &CacheControl) -> bool {
    policy.is_public()
        || policy
            .s_maxage()
            .or(policy.max_age())
            .is_some_and(|lifetime| lifetime > ZERO)
}

fn allows_sharing_cookies(exchange: &AuditedExchange<'_>) -> bool {
    let policy = exchange.policy;
    // `private="set-cookie"` keeps only that header from shared caches.
    let is_restricted = |fields: &[HeaderName]| fields.contains(&SET_COOKIE);
    let lifetime = policy.s_maxage().or(policy.max_age());
    // Without a lifetime a cache chooses one.
    let has_time = match lifetime {
        Some(lifetime) => lifetime > ZERO,
        None => exchange.expires() != Some(0),
    };
    allows_sharing(policy)
        && has_time
        && !is_restricted(policy.private_fields())
        && !is_restricted(policy.no_cache_fields())
}

/// Adds one finding for all headers.
fn add_finding(
    exchange: &AuditedExchange<'_>,
    code: Code,
    general: bool,
    targeted_names: &[&HeaderName],
    findings: &mut Vec<RuleFinding>,
) {
    if let Some(name) = targeted_names.first() {
        findings.push(code.finding(describe_targeted(exchange, name)));
    } else if general {
        let policy_text = header_text(exchange, &CACHE_CONTROL);
        findings.push(code.finding(format!("a shared cache may keep it: {policy_text}")));
    }
}

fn describe_targeted(exchange: &AuditedExchange<'_>, name: &HeaderName) -> String {
    let (targeted, general) = (
        header_text(exchange, name),
        header_text(exchange, &CACHE_CONTROL),
    );
    format!("a CDN may keep it: {targeted} beside {general}")
}

fn header_text(exchange: &AuditedExchange<'_>, name: &HeaderName) -> String {
    match lines::first(exchange.response, name) {
        Some(value) => format!("{name}: {}", super::exchange::text(value)),
        None => format!("no {name}"),
    }
}
