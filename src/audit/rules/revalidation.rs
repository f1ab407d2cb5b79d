//! Rules for a 304 (RFC 9110, section 15.4.5).

use http::{
    HeaderName, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_LOCATION, ETAG, EXPIRES, IF_MODIFIED_SINCE,
        IF_NONE_MATCH,
    },
};

use super::{
    Code, Exchange, Found, Sighting, Suspicion,
    exchange::{tag_text, text},
    nonce,
    observed::Expires,
    two_responses::laxer,
};
use crate::semantics::{
    field::{content_length, lines},
    validator::{TagMember, entity_tags},
};

/// A 304 by itself: its tag is one that the request named (section 13.1.2).
pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    if exchange.status != StatusCode::NOT_MODIFIED || !exchange.reads() {
        return;
    }
    let Some(tag) = exchange.tag() else {
        return;
    };
    let mut members = entity_tags(lines::lines(exchange.request, &IF_NONE_MATCH)).peekable();
    let names_others = members.peek().is_some()
        && members.all(|member| matches!(member, TagMember::Tag(named) if !named.weak_eq(tag)));
    if names_others {
        found.push(
            Code::OtherTagOn304.because(format!("If-None-Match does not name {}", tag_text(tag))),
        );
    }
}

/// Judges a 304 after the 200s in `earlier`, the latest first. `epoch` is when
/// it was made, as in [`Content`](super::Content).
pub(crate) fn not_modified<'a>(
    earlier: impl Iterator<Item = (u64, &'a Sighting)> + Clone,
    exchange: &Exchange<'_>,
    epoch: Option<u64>,
    found: &mut Vec<Found>,
) -> Option<Suspicion> {
    let is_same =
        |full: &Sighting| full.is_selected_by(exchange.request) && full.has_head_of_epoch(epoch);
    let mut of = earlier.filter(|(_, full)| is_of(full, exchange, is_same(full)));
    let full = of
        .clone()
        .find(|(_, full)| is_same(full))
        .or_else(|| of.next());
    let sighting = full.map(|(_, full)| full);
    length(sighting, exchange, epoch, found);
    nonce::judge(sighting.and_then(|full| full.nonces), exchange, found);
    let (number, full) = full.filter(|_| *exchange.method == Method::GET)?;
    if let Some(tag) = full.tag()
        && !exchange.has(&ETAG)
    {
        found.push(Code::TagMissingOn304.because(format!("the 200 had {}", tag_text(tag))));
    }
    // A write may change what else the 200 says.
    if !full.has_head_of_epoch(epoch) {
        return None;
    }
    if let Some(name) = full.lost_from_vary(exchange.response) {
        found.push(Code::VaryMissingOn304.because(format!("the 200 varied on {name}")));
    }
    if !full.is_selected_by(exchange.request) {
        return None;
    }
    let before = found.len();
    location(full, exchange, found);
    let differs = policy(full, exchange, found);
    let differs = expires(full, exchange, found).or(differs);
    if found.len() > before || !full.is_of_epoch(epoch) {
        return None;
    }
    let (field, detail) = differs?;
    Some(Suspicion::new(
        number,
        field,
        Code::DiffersOn304.because(detail),
    ))
}

/// Judges a 304 before which no 200 was seen.
pub(crate) fn unseen_not_modified(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    length(None, exchange, None, found);
    nonce::judge(None, exchange, found);
}

/// Returns `true` if a 304 is about this 200. Without a tag only `is_same`
/// decides: the same variant, and no write in between.
fn is_of(full: &Sighting, exchange: &Exchange<'_>, is_same: bool) -> bool {
    match (full.tag(), exchange.tag()) {
        (Some(full), Some(tag)) => full.weak_eq(tag),
        (Some(full), None) => exchange.names(full) || (is_same && matches_any(exchange)),
        (None, Some(_)) => false,
        (None, None) => is_same,
    }
}

/// Returns `true` if the condition is about no tag: `*`, or a date.
fn matches_any(exchange: &Exchange<'_>) -> bool {
    if lines::has(exchange.request, &IF_NONE_MATCH) {
        let line = lines::only(exchange.request, &IF_NONE_MATCH);
        return line.is_some_and(|line| line.as_bytes().trim_ascii() == b"*");
    }
    lines::has(exchange.request, &IF_MODIFIED_SINCE)
}

/// RFC 9110, section 8.6: the length that the 200 would have.
fn length(
    full: Option<&Sighting>,
    exchange: &Exchange<'_>,
    epoch: Option<u64>,
    found: &mut Vec<Found>,
) {
    let Some(said) = lines::first(exchange.response, &CONTENT_LENGTH) else {
        return;
    };
    let is_exact = full.is_some_and(|full| stands_for_bytes(full, exchange, epoch));
    let length = full
        .and_then(|full| full.content)
        .map(|content| content.length);
    let says = |length| !content_length::contradicts(exchange.response, length);
    let detail = match length {
        Some(length) if says(length) => return,
        Some(length) if is_exact => {
            format!("Content-Length: {} where the 200 had {length}", text(said))
        }
        // Content of no length is hardly ever asked for again.
        _ if says(0) => format!("Content-Length: {}", text(said)),
        _ => return,
    };
    found.push(Code::LengthOn304.because(detail));
}

/// Returns `true` if a 304 is about the very bytes of a 200.
fn stands_for_bytes(full: &Sighting, exchange: &Exchange<'_>, epoch: Option<u64>) -> bool {
    let tag = full.tag();
    let is_same = tag
        .zip(exchange.tag())
        .is_some_and(|(one, other)| one.strong_eq(other));
    let is_weak = tag.is_some_and(|tag| tag.is_weak());
    full.is_selected_by(exchange.request) && (is_same || (!is_weak && full.is_of_epoch(epoch)))
}

/// A difference that only the next 200 tells from a change.
type Difference = Option<(HeaderName, String)>;

fn policy(full: &Sighting, exchange: &Exchange<'_>, found: &mut Vec<Found>) -> Difference {
    let (before, now) = (full.policy?, exchange.policy.directives());
    let Some(said) = lines::first(exchange.response, &CACHE_CONTROL) else {
        found.push(Code::PolicyMissingOn304.because("the 200 had Cache-Control"));
        return None;
    };
    if let Some(what) = laxer(before, now) {
        found.push(Code::LaxerOn304.because(what));
        return None;
    }
    let detail = || format!("Cache-Control: {} beside another policy", text(said));
    (before != now).then(|| (CACHE_CONTROL, detail()))
}

fn expires(full: &Sighting, exchange: &Exchange<'_>, found: &mut Vec<Found>) -> Difference {
    let before = full.expires.as_ref()?;
    let Some(now) = Expires::of(exchange) else {
        found.push(Code::MissingOn304.because("the 200 had Expires"));
        return None;
    };
    if before.agrees(&now) {
        return None;
    }
    let detail = format!(
        "Expires grants {} seconds and granted {} on the 200",
        now.seconds, before.seconds
    );
    // RFC 9111, section 5.3: otherwise it does not count.
    if now.seconds > before.seconds && exchange.policy.max_age().is_none() {
        found.push(Code::LaxerOn304.because(detail));
        return None;
    }
    Some((EXPIRES, detail))
}

fn location(full: &Sighting, exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let Some(before) = &full.location else {
        return;
    };
    match lines::first(exchange.response, &CONTENT_LOCATION) {
        None => found.push(Code::MissingOn304.because("the 200 had Content-Location")),
        Some(now) if now != before => found.push(Code::DiffersOn304.because(format!(
            "Content-Location: {} beside {}",
            text(now),
            text(before)
        ))),
        Some(_) => {}
    }
}
