//! Rules for a 304 (RFC 9110, section 15.4.5).

use http::{
    HeaderName, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, ETAG, EXPIRES,
        IF_MODIFIED_SINCE, IF_NONE_MATCH, VARY,
    },
};

use super::{
    AuditedExchange, Code, ObservedResponse, PendingFinding, RuleFinding,
    exchange::{coding, tag_text, text},
    nonce,
    observed::ObservedExpires,
    two_responses::find_laxer_policy,
};
use crate::semantics::{
    field::{content_length, lines, vary},
    validator::{TagMember, entity_tags},
};

/// Checks a 304 by itself: its tag is one that the request named (section 13.1.2).
pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if exchange.status != StatusCode::NOT_MODIFIED || !exchange.is_read() {
        return;
    }
    let Some(tag) = exchange.tag() else {
        return;
    };
    let mut members = entity_tags(lines::lines(exchange.request, &IF_NONE_MATCH)).peekable();
    let names_others = members.peek().is_some()
        && members.all(|member| matches!(member, TagMember::Tag(named) if !named.weak_eq(tag)));
    if names_others {
        findings.push(
            Code::OtherTagOn304.finding(format!("If-None-Match does not name {}", tag_text(tag))),
        );
    }
}

/// Checks a 304 against the 200s in `earlier`, the latest first. `epoch` is that of the 304, as
/// in [`ObservedContent`](super::ObservedContent).
pub(crate) fn check_not_modified<'a>(
    earlier: impl Iterator<Item = (u64, &'a ObservedResponse)> + Clone,
    exchange: &AuditedExchange<'_>,
    epoch: Option<u64>,
    findings: &mut Vec<RuleFinding>,
) -> Option<PendingFinding> {
    let is_same = |full: &ObservedResponse| {
        full.is_selected_by(exchange.request) && full.has_head_of_epoch(epoch)
    };
    let mut candidates = earlier
        .clone()
        .filter(|(_, full)| is_of(full, exchange, is_same(full)));
    let full = candidates
        .clone()
        .find(|(_, full)| is_same(full))
        .or_else(|| candidates.next());
    let full_response = full.map(|(_, full)| full);
    check_length(full_response, exchange, epoch, findings);
    nonce::check(
        full_response.and_then(|full| full.nonces),
        exchange,
        findings,
    );
    // A 304 to HEAD may lack headers, as a 200 to HEAD may (section 9.3.2).
    let (number, full) = full.filter(|_| *exchange.method == Method::GET)?;
    if let Some(tag) = full.tag()
        && !exchange.has(&ETAG)
    {
        findings.push(Code::TagMissingOn304.finding(format!("the 200 had {}", tag_text(tag))));
    }
    // A write may have changed the other headers of the 200.
    if !full.has_head_of_epoch(epoch) {
        return None;
    }
    if let Some(name) = full.missing_from_vary(exchange.response) {
        findings.push(Code::VaryMissingOn304.finding(format!("the 200 varied on {name}")));
    }
    // Another user or variant may have other headers.
    if !full.is_selected_by(exchange.request) {
        return None;
    }
    let before = findings.len();
    check_location(full, exchange, findings);
    let differs = check_policy(full, exchange, findings);
    let differs = check_expires(full, exchange, findings).or(differs);
    let differs = differs
        .or_else(|| find_other_vary(earlier, full, exchange))
        .or_else(|| find_other_content(full, exchange));
    if findings.len() > before || !full.is_of_epoch(epoch) {
        return None;
    }
    let (field, detail) = differs?;
    Some(PendingFinding::new(
        number,
        field,
        Code::DiffersOn304.finding(detail),
    ))
}

/// Checks a 304 for which no earlier 200 is known.
pub(crate) fn check_not_modified_alone(
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    check_length(None, exchange, None, findings);
    nonce::check(None, exchange, findings);
}

/// Returns `true` if a 304 is about this 200.
///
/// Without a tag only `is_same` decides: the same variant, and no write in between.
fn is_of(full: &ObservedResponse, exchange: &AuditedExchange<'_>, is_same: bool) -> bool {
    match (full.tag(), exchange.tag()) {
        (Some(full), Some(tag)) => full.weak_eq(tag),
        (Some(full), None) => {
            exchange.if_none_match_names(full) || (is_same && matches_any(exchange))
        }
        (None, Some(_)) => false,
        (None, None) => is_same,
    }
}

/// Returns `true` if the condition names no tag: `*`, or a date.
fn matches_any(exchange: &AuditedExchange<'_>) -> bool {
    if lines::has(exchange.request, &IF_NONE_MATCH) {
        let line = lines::only(exchange.request, &IF_NONE_MATCH);
        return line.is_some_and(|line| line.as_bytes().trim_ascii() == b"*");
    }
    lines::has(exchange.request, &IF_MODIFIED_SINCE)
}

/// Checks that `Content-Length` is that of the 200 (RFC 9110, section 8.6).
fn check_length(
    full: Option<&ObservedResponse>,
    exchange: &AuditedExchange<'_>,
    epoch: Option<u64>,
    findings: &mut Vec<RuleFinding>,
) {
    let Some(value) = lines::first(exchange.response, &CONTENT_LENGTH) else {
        return;
    };
    let is_exact = full.is_some_and(|full| has_same_bytes(full, exchange, epoch));
    let length = full
        .and_then(|full| full.content)
        .map(|content| content.length);
    let is_length = |length| !content_length::contradicts(exchange.response, length);
    let detail = match length {
        Some(length) if is_length(length) => return,
        Some(length) if is_exact => {
            format!("Content-Length: {} where the 200 had {length}", text(value))
        }
        // Clients rarely revalidate empty content, so zero counts as a mistake.
        _ if is_length(0) => format!("Content-Length: {}", text(value)),
        _ => return,
    };
    findings.push(Code::LengthOn304.finding(detail));
}

/// Returns `true` if a 304 is about exactly the bytes of a 200.
fn has_same_bytes(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
    epoch: Option<u64>,
) -> bool {
    let tag = full.tag();
    let is_same = tag
        .zip(exchange.tag())
        .is_some_and(|(one, other)| one.strong_eq(other));
    let is_weak = tag.is_some_and(|tag| tag.is_weak());
    full.is_selected_by(exchange.request) && (is_same || (!is_weak && full.is_of_epoch(epoch)))
}

/// A header that may have changed with the state, and the details.
type HeaderDifference = (HeaderName, String);

fn check_policy(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) -> Option<HeaderDifference> {
    let before = full.policy.as_ref()?;
    let Some(value) = lines::first(exchange.response, &CACHE_CONTROL) else {
        findings.push(Code::PolicyMissingOn304.finding("the 200 had Cache-Control"));
        return None;
    };
    if let Some(what) = find_laxer_policy(full, exchange) {
        findings.push(Code::LaxerOn304.finding(what));
        return None;
    }
    let detail = || format!("Cache-Control: {} beside another policy", text(value));
    (before != exchange.policy).then(|| (CACHE_CONTROL, detail()))
}

/// Returns a header in `Vary` that no 200 names. A cache would store the variant without it (RFC
/// 9111, section 4.1).
fn find_other_vary<'a>(
    mut fulls: impl Iterator<Item = (u64, &'a ObservedResponse)>,
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
) -> Option<HeaderDifference> {
    let mut added = vary::names(exchange.response).filter(|name| !full.names_in_vary(name));
    let added = added.next()?;
    let is_named = fulls.any(|(_, other)| other.names_in_vary(&added));
    (!is_named).then(|| (VARY, format!("Vary names {added}, as no 200 does")))
}

/// Returns the tag or coding if it cannot be that of the 200: strong beside a weak one, or another
/// coding. Clients change their copy by it (RFC 9111, section 3.2).
fn find_other_content(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
) -> Option<HeaderDifference> {
    // A 304 may have a weak tag beside the strong one of the 200.
    if let (Some(one), Some(other)) = (full.tag(), exchange.tag())
        && one.is_weak()
        && !other.is_weak()
    {
        let detail = format!("ETag: {} beside {}", tag_text(other), tag_text(one));
        return Some((ETAG, detail));
    }
    let coding = coding(exchange.response)?;
    (full.coding.as_ref() != Some(coding)).then(|| {
        let detail = format!("Content-Encoding: {} beside another coding", text(coding));
        (CONTENT_ENCODING, detail)
    })
}

fn check_expires(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) -> Option<HeaderDifference> {
    let before = full.expires.as_ref()?;
    let Some(now) = ObservedExpires::of(exchange) else {
        findings.push(Code::MissingOn304.finding("the 200 had Expires"));
        return None;
    };
    if before.is_same(&now) {
        return None;
    }
    let detail = format!(
        "Expires grants {} seconds and granted {} on the 200",
        now.seconds, before.seconds
    );
    // RFC 9111, section 5.3: with max-age, Expires is ignored.
    if now.seconds > before.seconds && exchange.policy.max_age().is_none() {
        let is_known = findings.iter().any(|known| known.code == Code::LaxerOn304);
        if is_known {
            return None;
        }
        findings.push(Code::LaxerOn304.finding(detail));
        return None;
    }
    Some((EXPIRES, detail))
}

fn check_location(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    let Some(before) = &full.location else {
        return;
    };
    match lines::first(exchange.response, &CONTENT_LOCATION) {
        None => findings.push(Code::MissingOn304.finding("the 200 had Content-Location")),
        Some(now) if now != before => findings.push(Code::DiffersOn304.finding(format!(
            "Content-Location: {} beside {}",
            text(now),
            text(before)
        ))),
        Some(_) => {}
    }
}
