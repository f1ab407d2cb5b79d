//! What an answer to `HEAD`, or a 206, says beside the 200s to a `GET` for the
//! same target (RFC 9110, sections 9.3.2 and 15.3.7).

use http::{
    HeaderName, Method, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LOCATION, ETAG, EXPIRES, LAST_MODIFIED, VARY},
};

use super::{
    Code, Exchange, Found, Sighting,
    exchange::{tag_text, text},
    fingerprint::RequestDifference,
    two_responses::laxer,
};
use crate::semantics::field::{content_length, lines};

/// A difference that only the next 200 tells from a change of state.
#[derive(Debug)]
pub(crate) struct Suspicion {
    /// The number of the 200 before.
    pub(crate) full: u64,
    field: HeaderName,
    found: Found,
}

impl Suspicion {
    pub(super) fn new(full: u64, field: HeaderName, found: Found) -> Self {
        Self { full, field, found }
    }
}

/// Judges an answer after the 200s in `fulls`, the latest first. `epoch` is
/// when it was made, as in [`Content`](super::Content).
pub(crate) fn aside<'a>(
    fulls: impl Iterator<Item = (u64, &'a Sighting)> + Clone,
    exchange: &Exchange<'_>,
    epoch: Option<u64>,
    found: &mut Vec<Found>,
) -> Option<Suspicion> {
    let code = match (exchange.method, exchange.status) {
        (&Method::HEAD, StatusCode::OK) => Code::HeadDiffers,
        (&Method::GET, StatusCode::PARTIAL_CONTENT) => Code::PartDiffers,
        _ => return None,
    };
    let undisturbed = |full: &Sighting| full.is_of_epoch(epoch);
    let mut selected = fulls.filter(|(_, full)| full.is_selected_by(exchange.request));
    let (number, full) = selected
        .clone()
        .find(|(_, full)| has_tag_of(exchange, full))
        .or_else(|| selected.find(|(_, full)| undisturbed(full)))?;
    // One that has another tag may be of another state.
    let is_same = has_tag_of(exchange, full) || full.tag().is_none() || !exchange.has(&ETAG);
    let before = found.len();
    if is_same {
        if code == Code::PartDiffers {
            lost(full, exchange, found);
        } else {
            head(full, exchange, found);
        }
        let policy = full.policy.filter(|_| exchange.has(&CACHE_CONTROL));
        if let Some(what) = policy.and_then(|policy| laxer(policy, exchange.policy.directives())) {
            found.push(code.because(what));
        }
    }
    if found.len() > before || !undisturbed(full) {
        return None;
    }
    let (field, detail) = difference(full, exchange)?;
    Some(Suspicion::new(number, field, code.because(detail)))
}

/// What comes of a [`Suspicion`].
#[derive(Debug)]
pub(crate) enum Verdict {
    Right(Found),
    Wrong,
    /// Nothing tells yet.
    Open,
}

/// Whether `later`, made in the epoch of the 200 before, is what that was: then
/// nothing had changed in between, and the suspicion was right.
pub(crate) fn confirm(suspicion: &Suspicion, full: &Sighting, later: &Sighting) -> Verdict {
    if full.difference(later) != RequestDifference::None || !full.is_described_as(later) {
        return Verdict::Open;
    }
    let unchanged = match suspicion.field {
        ETAG => full.has_tag_of(later),
        LAST_MODIFIED => full.modified == later.modified,
        EXPIRES => {
            let dates = full.expires.as_ref().zip(later.expires.as_ref());
            dates.is_some_and(|(full, later)| full.agrees(later))
        }
        _ => full.policy == later.policy,
    };
    if unchanged {
        Verdict::Right(suspicion.found.clone())
    } else {
        Verdict::Wrong
    }
}

fn has_tag_of(exchange: &Exchange<'_>, full: &Sighting) -> bool {
    full.tag()
        .zip(exchange.tag())
        .is_some_and(|(full, tag)| full.weak_eq(tag))
}

/// What both have and do not agree on.
fn difference(full: &Sighting, exchange: &Exchange<'_>) -> Option<(HeaderName, String)> {
    let beside = |name: &HeaderName| lines::first(exchange.response, name).map(text);
    if let (Some(one), Some(other)) = (full.tag(), exchange.tag())
        && !one.weak_eq(other)
    {
        // Another coding may have another tag.
        let detail = format!("ETag: {} beside {}", tag_text(other), tag_text(one));
        return full.describes(exchange.response).then_some((ETAG, detail));
    }
    let modified = lines::only(exchange.response, &LAST_MODIFIED);
    if let (Some(one), Some(other)) = (&full.modified, modified)
        && one != other
    {
        let detail = format!("Last-Modified: {} beside {}", text(other), text(one));
        return Some((LAST_MODIFIED, detail));
    }
    let differs = |policy| policy != exchange.policy.directives();
    let said = beside(&CACHE_CONTROL).filter(|_| full.policy.is_some_and(differs))?;
    let detail = format!("Cache-Control: {said} beside another policy");
    Some((CACHE_CONTROL, detail))
}

/// RFC 9110, section 9.3.2: what only content tells may be left out, and what
/// is there freshens what a cache has (RFC 9111, section 4.3.5).
fn head(full: &Sighting, exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let response = exchange.response;
    if let (Some(one), Some(other)) = (full.tag(), exchange.tag())
        && one.strong_eq(other)
        && full.describes(response)
        && let Some(content) = full.content
        && content_length::contradicts(response, content.length)
    {
        let length = content.length;
        found.push(Code::HeadDiffers.because(format!(
            "another Content-Length than {length} beside {}",
            tag_text(other)
        )));
    }
    if let Some(name) = full
        .lost_from_vary(response)
        .filter(|_| exchange.has(&VARY))
    {
        found.push(
            Code::VaryMissingOnHead.because(format!("Vary does not name {name}, as that of GET")),
        );
    }
}

/// RFC 9110, section 15.3.7: what the 200 would have.
fn lost(full: &Sighting, exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let had = [
        (&ETAG, full.tag.is_some()),
        (&CACHE_CONTROL, full.policy.is_some()),
        (&EXPIRES, full.expires.is_some()),
        (&CONTENT_LOCATION, full.location.is_some()),
    ];
    let lost = had.iter().find(|(name, had)| *had && !exchange.has(name));
    if let Some((name, _)) = lost {
        found.push(Code::MissingOn206.because(format!("the 200 had {name}")));
    } else if let Some(name) = full.lost_from_vary(exchange.response) {
        found.push(Code::MissingOn206.because(format!("the 200 varied on {name}")));
    }
}
