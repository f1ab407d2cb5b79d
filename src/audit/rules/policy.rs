//! `Cache-Control` and its elders on one response (RFC 9111, section 5).

use http::{
    Method, StatusCode,
    header::{AGE, CACHE_CONTROL, CONTENT_LOCATION, EXPIRES, PRAGMA, WARNING},
};

use super::{
    Code, Exchange, Found,
    exchange::text,
    sharing::{shares, targeted},
};
use crate::semantics::{
    caching::cache_control::{CacheControl, InvalidCachePolicy},
    field::lines,
};

/// How long an error that caches keep anyway may be kept, in seconds.
const LONGEST_ERROR: u64 = 60 * 60;

pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    form(exchange, found);
    if let Err(contradiction) = exchange.policy.check() {
        found.push(Code::Contradiction.because(contradiction.as_str()));
    }
    for weakness in exchange.policy.weaknesses() {
        found.push(Code::Weakness.because(weakness.as_str()));
    }
    lifetimes(exchange, found);
    misplaced(exchange, found);
    obsolete(exchange, found);
}

/// RFC 9111, section 5.2: line by line, since two layers may have written.
fn form(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let mut said: Option<CacheControl> = None;
    for line in lines::lines(exchange.response, &CACHE_CONTROL) {
        let strict = line
            .to_str()
            .map(|text| CacheControl::parse_strict(text, |_| true));
        match strict {
            Ok(Ok(policy)) => {
                let differs = |one: Option<_>, other: Option<_>| {
                    one.is_some() && other.is_some() && one != other
                };
                if said.as_ref().is_some_and(|said| {
                    differs(said.max_age(), policy.max_age())
                        || differs(said.s_maxage(), policy.s_maxage())
                }) {
                    found.push(Code::Contradiction.because("two lines give different lifetimes"));
                }
                said = Some(policy);
            }
            // Contradictions are looked for over all lines together.
            Ok(Err(InvalidCachePolicy::Contradiction(_))) => {}
            Ok(Err(_)) | Err(_) => {
                found.push(Code::MalformedPolicy.because(format!("Cache-Control: {}", text(line))));
            }
        }
    }
}

fn lifetimes(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let policy = exchange.policy;
    // Section 5.3: for recipients that do not know Cache-Control, which may get less.
    if let Some(expires) = exchange.expires() {
        let never = policy.is_no_store() || policy.is_no_cache();
        let said = if never {
            Some(0)
        } else {
            policy.max_age().map(|age| age.as_secs())
        };
        if said.is_some_and(|said| expires > said.saturating_add(Exchange::SKEW)) {
            found.push(Code::ExpiresDisagrees.because(format!(
                "Expires grants {expires} seconds beside Cache-Control: {policy}"
            )));
        }
    }
    let silent = !exchange.has(&CACHE_CONTROL) && !exchange.has(&EXPIRES);
    if silent && exchange.is_heuristically_cacheable() {
        let status = exchange.status.as_u16();
        found.push(Code::NoPolicy.because(format!("{status} without Cache-Control")));
    }
    let lifetime = exchange.lifetime();
    if exchange.reads() && lifetime > exchange.longest.as_secs() && !policy.is_immutable() {
        found.push(Code::LongLifetime.because(format!("{lifetime} seconds")));
    }
}

/// Lifetimes where they do not belong (RFC 9110, sections 9.2.3 and 15.1).
fn misplaced(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    // RFC 9213, section 2.2: a CDN does not look at Cache-Control then.
    let lifetime = targeted(exchange)
        .map(|name| CacheControl::of_field(exchange.response, name))
        .filter(shares)
        .filter_map(|policy| policy.s_maxage().or(policy.max_age()))
        .map(|lifetime| lifetime.as_secs())
        .fold(exchange.lifetime(), u64::max);
    if lifetime == 0 {
        return;
    }
    let status = exchange.status;
    if is_error_to_forget(status, lifetime) {
        let status = status.as_u16();
        found.push(Code::CacheableError.because(format!("{status} for {lifetime} seconds")));
    }
    if !exchange.reads() && exchange.method.as_str() != "QUERY" && !describes_target(exchange) {
        let method = exchange.method;
        found.push(Code::LifetimeOnMethod.because(format!("{method} for {lifetime} seconds")));
    }
}

/// 410 is for good; 404, 405, 414 and 501 are kept by caches anyway (RFC 9110,
/// section 15.1), and may be for a while; all others are about one request.
fn is_error_to_forget(status: StatusCode, lifetime: u64) -> bool {
    match status.as_u16() {
        410 => false,
        404 | 405 | 414 | 501 => lifetime > LONGEST_ERROR,
        400..600 => true,
        _ => false,
    }
}

/// RFC 9110, section 9.3.3: the one answer to a `POST` that caches may keep.
fn describes_target(exchange: &Exchange<'_>) -> bool {
    matches!(*exchange.method, Method::POST | Method::PATCH)
        && lines::only(exchange.response, &CONTENT_LOCATION)
            .is_some_and(|location| location.as_bytes() == exchange.target.as_bytes())
}

/// RFC 9111, sections 5.1, 5.4 and 5.5.
fn obsolete(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    if let Some(age) = lines::first(exchange.response, &AGE) {
        found.push(Code::AgeFromOrigin.because(format!("Age: {}", text(age))));
    }
    for name in [PRAGMA, WARNING] {
        if let Some(value) = lines::first(exchange.response, &name) {
            found.push(Code::ObsoleteField.because(format!("{name}: {}", text(value))));
        }
    }
}
