//! Rules for responses to `HEAD`, and for 206s, beside the 200s to a `GET` of the same target
//! (RFC 9110, sections 9.3.2 and 15.3.7).

use http::{
    HeaderName, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LOCATION, ETAG, EXPIRES, LAST_MODIFIED, VARY,
    },
};

use super::{
    AuditedExchange, Code, ObservedResponse, RuleFinding,
    exchange::{tag_text, text},
    fingerprint::RequestDifference,
    two_responses::find_laxer_policy,
};
use crate::semantics::field::{content_length, lines};

/// A difference that may be a mistake or a change of state. Only the next 200 shows which.
#[derive(Debug)]
pub(crate) struct PendingFinding {
    /// The number of the 200 before.
    pub(crate) full: u64,
    field: HeaderName,
    finding: RuleFinding,
}

impl PendingFinding {
    pub(super) fn new(full: u64, field: HeaderName, finding: RuleFinding) -> Self {
        Self {
            full,
            field,
            finding,
        }
    }
}

/// Checks a response to `HEAD`, or a 206, against the 200s in `fulls`, the latest first. `epoch`
/// is that of the response, as in [`ObservedContent`](super::ObservedContent).
pub(crate) fn check_head_and_partial<'a>(
    fulls: impl Iterator<Item = (u64, &'a ObservedResponse)> + Clone,
    exchange: &AuditedExchange<'_>,
    epoch: Option<u64>,
    findings: &mut Vec<RuleFinding>,
) -> Option<PendingFinding> {
    let code = match (exchange.method, exchange.status) {
        (&Method::HEAD, StatusCode::OK) => Code::HeadDiffers,
        (&Method::GET, StatusCode::PARTIAL_CONTENT) => Code::PartDiffers,
        _ => return None,
    };
    let is_of_epoch = |full: &ObservedResponse| full.is_of_epoch(epoch);
    let mut selected = fulls.filter(|(_, full)| full.is_selected_by(exchange.request));
    let (number, full) = selected
        .clone()
        .find(|(_, full)| has_tag_of(exchange, full))
        .or_else(|| selected.find(|(_, full)| is_of_epoch(full)))?;
    // A response with another tag may be of another state.
    let is_same = has_tag_of(exchange, full) || full.tag().is_none() || !exchange.has(&ETAG);
    let before = findings.len();
    if is_same {
        if code == Code::PartDiffers {
            check_missing_headers(full, exchange, findings);
        } else {
            check_head(full, exchange, findings);
        }
        if let Some(what) = find_laxer_policy(full, exchange) {
            findings.push(code.finding(what));
        }
    }
    if findings.len() > before || !is_of_epoch(full) {
        return None;
    }
    let (field, detail) = find_difference(full, exchange)?;
    Some(PendingFinding::new(number, field, code.finding(detail)))
}

/// The result for a [`PendingFinding`].
#[derive(Debug)]
pub(crate) enum Confirmation {
    Confirmed(RuleFinding),
    Refuted,
    /// Not decided yet.
    Undecided,
}

/// Decides a pending finding by a later 200 of the same epoch as the 200 before.
///
/// If both 200s are equal, nothing had changed in between, and the finding is confirmed.
pub(crate) fn confirm(
    pending: &PendingFinding,
    full: &ObservedResponse,
    later: &ObservedResponse,
) -> Confirmation {
    if full.difference(later) != RequestDifference::None || !full.is_same_kind(later) {
        return Confirmation::Undecided;
    }
    let unchanged = match pending.field {
        ETAG => full.has_tag_of(later) && full.has_weak_tag() == later.has_weak_tag(),
        LAST_MODIFIED => full.modified == later.modified,
        EXPIRES => {
            let dates = full.expires.as_ref().zip(later.expires.as_ref());
            dates.is_some_and(|(full, later)| full.is_same(later))
        }
        VARY => full.vary == later.vary && full.varies_on_all == later.varies_on_all,
        // `is_same_kind` compared it.
        CONTENT_ENCODING => true,
        _ => full.policy == later.policy,
    };
    if unchanged {
        Confirmation::Confirmed(pending.finding.clone())
    } else {
        Confirmation::Refuted
    }
}

fn has_tag_of(exchange: &AuditedExchange<'_>, full: &ObservedResponse) -> bool {
    full.tag()
        .zip(exchange.tag())
        .is_some_and(|(full, tag)| full.weak_eq(tag))
}

/// Returns the first header that both have with different values.
fn find_difference(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
) -> Option<(HeaderName, String)> {
    let beside = |name: &HeaderName| lines::first(exchange.response, name).map(text);
    if let (Some(one), Some(other)) = (full.tag(), exchange.tag())
        && !one.weak_eq(other)
    {
        // Another coding may have another tag.
        let detail = format!("ETag: {} beside {}", tag_text(other), tag_text(one));
        return full
            .has_same_description(exchange.response)
            .then_some((ETAG, detail));
    }
    let modified = lines::only(exchange.response, &LAST_MODIFIED);
    if let (Some(one), Some(other)) = (&full.modified, modified)
        && one != other
    {
        let detail = format!("Last-Modified: {} beside {}", text(other), text(one));
        return Some((LAST_MODIFIED, detail));
    }
    let differs = full
        .policy
        .as_ref()
        .is_some_and(|policy| policy != exchange.policy);
    let value = beside(&CACHE_CONTROL).filter(|_| differs)?;
    let detail = format!("Cache-Control: {value} beside another policy");
    Some((CACHE_CONTROL, detail))
}

/// Checks the length and `Vary` of a response to `HEAD` (RFC 9110, section 9.3.2).
///
/// Headers that depend on the content may be missing. Those that are there update a stored
/// response (RFC 9111, section 4.3.5).
fn check_head(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    let response = exchange.response;
    if let (Some(one), Some(other)) = (full.tag(), exchange.tag())
        && one.strong_eq(other)
        && full.has_same_description(response)
        && let Some(content) = full.content
        && content_length::contradicts(response, content.length)
    {
        let length = content.length;
        findings.push(Code::HeadDiffers.finding(format!(
            "another Content-Length than {length} beside {}",
            tag_text(other)
        )));
    }
    if let Some(name) = full
        .missing_from_vary(response)
        .filter(|_| exchange.has(&VARY))
    {
        findings.push(
            Code::VaryMissingOnHead.finding(format!("Vary does not name {name}, as that of GET")),
        );
    }
}

/// Checks for headers of the 200 that a 206 lacks (RFC 9110, section 15.3.7).
fn check_missing_headers(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    let had = [
        (&ETAG, full.tag.is_some()),
        (&CACHE_CONTROL, full.policy.is_some()),
        (&EXPIRES, full.expires.is_some()),
        (&CONTENT_LOCATION, full.location.is_some()),
    ];
    let missing = had.iter().find(|(name, had)| *had && !exchange.has(name));
    if let Some((name, _)) = missing {
        findings.push(Code::MissingOn206.finding(format!("the 200 had {name}")));
    } else if let Some(name) = full.missing_from_vary(exchange.response) {
        findings.push(Code::MissingOn206.finding(format!("the 200 varied on {name}")));
    }
}
