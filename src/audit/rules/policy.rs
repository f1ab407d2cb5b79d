//! `Cache-Control`, `Expires` and older headers of one response (RFC 9111, section 5).

use http::{
    Method, StatusCode,
    header::{AGE, CACHE_CONTROL, CONTENT_LOCATION, EXPIRES, PRAGMA, WARNING},
};

use super::{
    AuditedExchange, Code, RuleFinding,
    exchange::text,
    sharing::{allows_sharing, targeted_names},
};
use crate::semantics::{
    caching::cache_control::{CacheControl, InvalidCachePolicy},
    field::lines,
};

/// The longest lifetime in seconds of an error that caches store by default.
const MAX_ERROR_LIFETIME: u64 = 60 * 60;

pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    check_syntax(exchange, findings);
    if let Err(contradiction) = exchange.policy.check() {
        findings.push(Code::Contradiction.finding(contradiction.as_str()));
    }
    for weakness in exchange.policy.weaknesses() {
        findings.push(Code::Weakness.finding(weakness.as_str()));
    }
    check_lifetimes(exchange, findings);
    check_misplaced_lifetimes(exchange, findings);
    check_obsolete_headers(exchange, findings);
}

/// Checks each line of `Cache-Control`, since two layers may have written (RFC 9111, section 5.2).
fn check_syntax(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    let mut previous: Option<CacheControl> = None;
    for line in lines::lines(exchange.response, &CACHE_CONTROL) {
        let strict = line
            .to_str()
            .map(|text| CacheControl::parse_strict(text, |_| true));
        match strict {
            Ok(Ok(policy)) => {
                let differs = |one: Option<_>, other: Option<_>| {
                    one.is_some() && other.is_some() && one != other
                };
                if previous.as_ref().is_some_and(|previous| {
                    differs(previous.max_age(), policy.max_age())
                        || differs(previous.s_maxage(), policy.s_maxage())
                }) {
                    findings
                        .push(Code::Contradiction.finding("two lines give different lifetimes"));
                }
                previous = Some(policy);
            }
            // Contradictions are checked over all lines together.
            Ok(Err(InvalidCachePolicy::Contradiction(_))) => {}
            Ok(Err(_)) | Err(_) => {
                findings
                    .push(Code::MalformedPolicy.finding(format!("Cache-Control: {}", text(line))));
            }
        }
    }
}

fn check_lifetimes(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    let policy = exchange.policy;
    // Section 5.3: Expires is for recipients without Cache-Control, and may grant less.
    if let Some(expires) = exchange.expires() {
        let never = policy.is_no_store() || policy.is_no_cache();
        let explicit = if never {
            Some(0)
        } else {
            policy.max_age().map(|age| age.as_secs())
        };
        if explicit.is_some_and(|explicit| expires > explicit.saturating_add(AuditedExchange::SKEW))
        {
            findings.push(Code::ExpiresDisagrees.finding(format!(
                "Expires grants {expires} seconds beside Cache-Control: {policy}"
            )));
        }
    }
    let silent = !exchange.has(&CACHE_CONTROL) && !exchange.has(&EXPIRES);
    if silent && exchange.is_heuristically_cacheable() {
        let status = exchange.status.as_u16();
        findings.push(Code::NoPolicy.finding(format!("{status} without Cache-Control")));
    }
    let lifetime = exchange.lifetime();
    if exchange.is_read() && lifetime > exchange.max_lifetime.as_secs() && !policy.is_immutable() {
        findings.push(Code::LongLifetime.finding(format!("{lifetime} seconds")));
    }
}

/// Checks for lifetimes on errors and on methods that caches do not store (RFC 9110, sections
/// 9.2.3 and 15.1).
fn check_misplaced_lifetimes(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    // RFC 9213, section 2.2: with a targeted header a CDN ignores Cache-Control.
    let lifetime = targeted_names(exchange)
        .map(|name| CacheControl::of_field(exchange.response, name))
        .filter(allows_sharing)
        .filter_map(|policy| policy.s_maxage().or(policy.max_age()))
        .map(|lifetime| lifetime.as_secs())
        .fold(exchange.lifetime(), u64::max);
    if lifetime == 0 {
        return;
    }
    let status = exchange.status;
    if is_error_to_forget(status, lifetime) {
        let status = status.as_u16();
        findings.push(Code::CacheableError.finding(format!("{status} for {lifetime} seconds")));
    }
    if !exchange.is_read() && exchange.method.as_str() != "QUERY" && !describes_target(exchange) {
        let method = exchange.method;
        findings.push(Code::LifetimeOnMethod.finding(format!("{method} for {lifetime} seconds")));
    }
}

/// Returns `true` for an error that describes one request, and that a cache would repeat.
///
/// A 410 is permanent. Caches store 404, 405, 414 and 501 anyway (RFC 9110, section 15.1), so a
/// short lifetime is accepted for them.
fn is_error_to_forget(status: StatusCode, lifetime: u64) -> bool {
    match status.as_u16() {
        410 => false,
        404 | 405 | 414 | 501 => lifetime > MAX_ERROR_LIFETIME,
        400..600 => true,
        _ => false,
    }
}

/// Returns `true` for a response to `POST` that caches may store (RFC 9110, section 9.3.3).
fn describes_target(exchange: &AuditedExchange<'_>) -> bool {
    matches!(*exchange.method, Method::POST | Method::PATCH)
        && lines::only(exchange.response, &CONTENT_LOCATION)
            .is_some_and(|location| location.as_bytes() == exchange.target.as_bytes())
}

/// Checks for `Age`, `Pragma` and `Warning` (RFC 9111, sections 5.1, 5.4 and 5.5).
fn check_obsolete_headers(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if let Some(age) = lines::first(exchange.response, &AGE) {
        findings.push(Code::AgeFromOrigin.finding(format!("Age: {}", text(age))));
    }
    for name in [PRAGMA, WARNING] {
        if let Some(value) = lines::first(exchange.response, &name) {
            findings.push(Code::ObsoleteField.finding(format!("{name}: {}", text(value))));
        }
    }
}
