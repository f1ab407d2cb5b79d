//! Rules for Structured Fields (RFC 9651): caches ignore the whole value if it is malformed.

use http::{HeaderName, HeaderValue};
use sfv::{BareItem, Dictionary, Item, KeyRef, List, ListEntry, Parser, key_ref};

use super::{AuditedExchange, Code, RuleFinding, exchange::text};
use crate::semantics::{
    caching::{
        cache_control::{SURROGATE_CONTROL, is_targeted},
        cache_status::CACHE_STATUS,
    },
    field::lines,
};

const HIT: &KeyRef = key_ref("hit");
const FWD: &KeyRef = key_ref("fwd");
const SECONDS: [&KeyRef; 4] = [
    key_ref("max-age"),
    key_ref("s-maxage"),
    key_ref("stale-while-revalidate"),
    key_ref("stale-if-error"),
];

pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    // Surrogate-Control is older than structured fields.
    let names = exchange.response.keys();
    for name in names.filter(|name| is_targeted(name) && **name != SURROGATE_CONTROL) {
        check_targeted(exchange, name, findings);
    }
    check_cache_status(exchange, findings);
}

/// Checks that a targeted header is a dictionary with valid lifetimes (RFC 9213, section 2.1).
fn check_targeted(
    exchange: &AuditedExchange<'_>,
    name: &HeaderName,
    findings: &mut Vec<RuleFinding>,
) {
    let value = joined_value(exchange, name);
    let problem = match Parser::new(value.as_bytes()).parse::<Dictionary>() {
        Ok(directives) if directives.is_empty() => "is empty",
        Ok(directives) => {
            let is_time = |key: &&KeyRef| directives.get(*key).is_none_or(is_seconds);
            if SECONDS.iter().all(is_time) {
                return;
            }
            "has a lifetime that is no number of seconds"
        }
        Err(_) => "is no dictionary",
    };
    let value = text(&value);
    findings.push(Code::MalformedTargetedField.finding(format!("{name}: {value} {problem}")));
}

fn is_seconds(entry: &ListEntry) -> bool {
    matches!(
        entry,
        ListEntry::Item(Item {
            bare_item: BareItem::Integer(seconds),
            ..
        }) if *seconds >= 0.into()
    )
}

/// Checks that `Cache-Status` lists caches by name (RFC 9211, section 2).
fn check_cache_status(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if !exchange.has(&CACHE_STATUS) {
        return;
    }
    let value = joined_value(exchange, &CACHE_STATUS);
    let problem = match Parser::new(value.as_bytes()).parse::<List>() {
        Ok(caches) => caches.iter().find_map(find_member_problem),
        Err(_) => Some("is no list"),
    };
    if let Some(problem) = problem {
        let value = text(&value);
        findings
            .push(Code::MalformedCacheStatus.finding(format!("Cache-Status: {value} {problem}")));
    }
}

fn find_member_problem(entry: &ListEntry) -> Option<&'static str> {
    let ListEntry::Item(Item {
        bare_item: BareItem::String(_) | BareItem::Token(_),
        params,
    }) = entry
    else {
        return Some("has a member that names no cache");
    };
    // Section 2.2: they exclude each other.
    let is_hit = matches!(params.get(HIT), Some(BareItem::Boolean(true)));
    (is_hit && params.contains_key(FWD)).then_some("has hit beside fwd")
}

/// Returns all lines as one value.
fn joined_value(exchange: &AuditedExchange<'_>, name: &HeaderName) -> HeaderValue {
    let lines: Vec<_> = lines::lines(exchange.response, name)
        .map(HeaderValue::as_bytes)
        .collect();
    HeaderValue::from_bytes(&lines.join(&b", "[..])).expect("made of field values")
}
