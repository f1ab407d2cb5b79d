//! What is for one user, and may be kept for all (RFC 9111, sections 3.5 and
//! 7.3; RFC 9213).

use http::{
    HeaderName,
    header::{AUTHORIZATION, CACHE_CONTROL, SET_COOKIE},
};

use super::{Code, Exchange, Found};
use crate::semantics::{
    caching::cache_control::{CacheControl, is_targeted},
    field::lines,
};

pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    if !exchange.reads() {
        return;
    }
    let sets_cookie = exchange.has(&SET_COOKIE);
    let authorized = lines::has(exchange.request, &AUTHORIZATION);
    let mut laxer = Vec::new();
    for name in targeted(exchange) {
        let policy = CacheControl::of_field(exchange.response, name);
        // RFC 9213, section 2.1: an empty field is as none.
        if !policy.is_empty() && shares(&policy) && lasts(&policy) {
            laxer.push(name);
        }
    }
    if sets_cookie {
        let kept = exchange.is_heuristically_cacheable() || exchange.lifetime() > 0;
        let general = kept && shares_cookies(exchange);
        report(exchange, Code::SharedCookie, general, &laxer, found);
    }
    if authorized {
        let policy = exchange.policy;
        let allowed = policy.is_public() || policy.s_maxage().is_some() || {
            policy.is_must_revalidate() && exchange.lifetime() > 0
        };
        let general = shares(policy) && allowed && policy.s_maxage() != Some(ZERO);
        report(exchange, Code::SharedAuthorization, general, &laxer, found);
    }
    let kept_back = exchange.policy.is_private() || exchange.policy.is_no_store();
    if kept_back && !sets_cookie && !authorized {
        for name in laxer {
            found.push(Code::LaxerTargetedField.because(beside(exchange, name)));
        }
    }
}

const ZERO: std::time::Duration = std::time::Duration::ZERO;

/// How a shared cache may use a response for all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sharing {
    /// Not without asking.
    Never,
    /// For as long as it guesses (RFC 9111, section 4.2.2).
    Guessed,
    /// As long as the response says.
    Granted,
}

impl Sharing {
    pub(super) fn of(exchange: &Exchange<'_>) -> Self {
        let policy = exchange.policy;
        let lifetime = policy.s_maxage().or(policy.max_age());
        let general = match lifetime {
            _ if !shares(policy) => Self::Never,
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
            !policy.is_empty() && shares(&policy) && lasts(&policy)
        };
        if targeted(exchange).any(is_laxer) {
            return Self::Granted;
        }
        general
    }
}

/// The fields that a CDN reads instead of `Cache-Control`.
pub(super) fn targeted<'a>(exchange: &Exchange<'a>) -> impl Iterator<Item = &'a HeaderName> {
    let fields = exchange.response.keys();
    fields.filter(|name| is_targeted(name))
}

/// Whether a shared cache may use it without asking.
pub(super) fn shares(policy: &CacheControl) -> bool {
    !policy.is_no_store() && !policy.is_private() && !policy.is_no_cache()
}

/// Whether a shared cache may use it for any time.
fn lasts(policy: &CacheControl) -> bool {
    policy.is_public()
        || policy
            .s_maxage()
            .or(policy.max_age())
            .is_some_and(|lifetime| lifetime > ZERO)
}

fn shares_cookies(exchange: &Exchange<'_>) -> bool {
    let policy = exchange.policy;
    let kept_back = |fields: &[HeaderName]| fields.contains(&SET_COOKIE);
    let lifetime = policy.s_maxage().or(policy.max_age());
    // Without a lifetime a cache makes one up.
    let lasts = match lifetime {
        Some(lifetime) => lifetime > ZERO,
        None => exchange.expires() != Some(0),
    };
    shares(policy)
        && lasts
        && !kept_back(policy.private_fields())
        && !kept_back(policy.no_cache_fields())
}

/// One finding names all fields.
fn report(
    exchange: &Exchange<'_>,
    code: Code,
    general: bool,
    targeted: &[&HeaderName],
    found: &mut Vec<Found>,
) {
    if let Some(name) = targeted.first() {
        found.push(code.because(beside(exchange, name)));
    } else if general {
        let says = said(exchange, &CACHE_CONTROL);
        found.push(code.because(format!("a shared cache may keep it: {says}")));
    }
}

fn beside(exchange: &Exchange<'_>, name: &HeaderName) -> String {
    let (targeted, general) = (said(exchange, name), said(exchange, &CACHE_CONTROL));
    format!("a CDN may keep it: {targeted} beside {general}")
}

fn said(exchange: &Exchange<'_>, name: &HeaderName) -> String {
    match lines::first(exchange.response, name) {
        Some(value) => format!("{name}: {}", super::exchange::text(value)),
        None => format!("no {name}"),
    }
}
