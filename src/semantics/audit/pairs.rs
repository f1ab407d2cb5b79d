//! What two answers for one target show together.

use http::{
    HeaderName,
    header::{ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, ETAG},
};

use super::{
    Code, Exchange, Found, Sighting,
    exchange::tag_text,
    sighting::{Asked, Content},
};
use crate::semantics::cache_control::{Known, Scope};

/// Two heads of a 200.
pub(crate) fn heads(earlier: &Sighting, later: &Sighting, found: &mut Vec<Found>) {
    if let (Some(one), Some(other)) = (earlier.tag(), later.tag())
        && one.strong_eq(other)
        && earlier.coding != later.coding
    {
        found.push(Code::SameTagTwoCodings.because(format!(
            "{} on content coded as {} and as {}",
            tag_text(other),
            coding(earlier),
            coding(later)
        )));
    }
    if let Some(name) = only_in_one(earlier, later) {
        found.push(Code::VaryDiffers.because(format!("only one of two answers varies on {name}")));
    }
    let kept = earlier.is_kept() || later.is_kept();
    if kept && earlier.asked_as(later) == Asked::OtherAccept {
        let types = earlier.media_type != later.media_type;
        let languages = earlier.language != later.language;
        for (differs, accept) in [(types, ACCEPT), (languages, ACCEPT_LANGUAGE)] {
            let unnamed = !earlier.names_in_vary(&accept) && !later.names_in_vary(&accept);
            if differs && unnamed && !earlier.asked_alike(later, &accept) {
                found.push(Code::VariantWithoutVary.because(format!(
                    "the answer follows {accept}, which Vary does not name"
                )));
            }
        }
    }
}

fn coding(sighting: &Sighting) -> String {
    match &sighting.coding {
        Some(coding) => String::from_utf8_lossy(coding.as_bytes()).into_owned(),
        None => "identity".to_owned(),
    }
}

/// RFC 9111, section 4.1: a cache that kept the one gives it to all.
fn only_in_one<'a>(one: &'a Sighting, other: &'a Sighting) -> Option<&'a HeaderName> {
    if one.varies_on_all || other.varies_on_all {
        return None;
    }
    let missing = |from: &'a Sighting, to: &'a Sighting| {
        let mut names = from.vary.iter().filter(|_| to.is_kept());
        names.find(|name| !to.vary.contains(name))
    };
    missing(one, other).or_else(|| missing(other, one))
}

/// Two 200s whose bodies have ended.
pub(crate) fn contents(earlier: &Sighting, later: &Sighting, found: &mut Vec<Found>) {
    let (Some(before), Some(now)) = (earlier.content, later.content) else {
        return;
    };
    if let Some(emptied) = emptied(earlier, later) {
        found.push(emptied);
    } else if before.digest == now.digest {
        same_bytes(earlier, later, found);
    } else {
        other_bytes(earlier, later, found);
    }
}

fn same_bytes(earlier: &Sighting, later: &Sighting, found: &mut Vec<Found>) {
    let (Some(one), Some(other)) = (earlier.tag(), later.tag()) else {
        return;
    };
    let alike = earlier.is_described_as(later) && earlier.asked_as(later) == Asked::Same;
    if one.weak_eq(other) || !alike || !undisturbed(earlier.content, later.content) {
        return;
    }
    let code = if earlier.instance == later.instance {
        Code::UnstableTag
    } else {
        Code::PerProcessTag
    };
    found.push(code.because(format!(
        "{} and then {} on the same bytes",
        tag_text(one),
        tag_text(other)
    )));
}

fn other_bytes(earlier: &Sighting, later: &Sighting, found: &mut Vec<Found>) {
    let asked = earlier.asked_as(later);
    let alike = earlier.is_described_as(later);
    match (earlier.tag(), later.tag()) {
        (Some(one), Some(other)) if one.strong_eq(other) && earlier.coding == later.coding => {
            found.push(
                Code::SameTagOtherBytes.because(format!("{} on other bytes", tag_text(other))),
            );
        }
        (None, None)
            if later.modified.is_some()
                && later.modified == earlier.modified
                && alike
                && asked == Asked::Same =>
        {
            found.push(Code::SameDateOtherBytes.because("other bytes with the same Last-Modified"));
        }
        _ => {}
    }
    let kept = earlier.is_kept() || later.is_kept();
    if kept && alike && asked == Asked::OtherAccept && undisturbed(earlier.content, later.content) {
        let unnamed = [ACCEPT, ACCEPT_LANGUAGE].into_iter().find(|accept| {
            !earlier.asked_alike(later, accept)
                && !earlier.names_in_vary(accept)
                && !later.names_in_vary(accept)
        });
        if let Some(accept) = unnamed {
            found.push(Code::ContentWithoutVary.because(format!(
                "other bytes with another {accept}, which Vary does not name"
            )));
        }
    }
}

/// Whether nobody wrote in between.
fn undisturbed(one: Option<Content>, other: Option<Content>) -> bool {
    let epoch = |content: Option<Content>| content.and_then(|content| content.epoch);
    epoch(one).is_some() && epoch(one) == epoch(other)
}

/// A 304 after the 200s in `earlier`, the latest first.
pub(crate) fn not_modified<'a>(
    mut earlier: impl Iterator<Item = &'a Sighting>,
    exchange: &Exchange<'_>,
    found: &mut Vec<Found>,
) {
    let Some(full) = earlier.find(|full| is_of(full, exchange)) else {
        return;
    };
    if let Some(tag) = full.tag()
        && !exchange.has(&ETAG)
    {
        found.push(Code::TagMissingOn304.because(format!("the 200 had {}", tag_text(tag))));
    }
    if let Some(name) = full.lost_from_vary(exchange.response) {
        found.push(Code::VaryMissingOn304.because(format!("the 200 varied on {name}")));
    }
    let Some(policy) = full.policy else {
        return;
    };
    if !full.is_selected_by(exchange.request) {
        return;
    }
    if !exchange.has(&CACHE_CONTROL) {
        found.push(Code::PolicyMissingOn304.because("the 200 had Cache-Control"));
    } else if let Some(what) = laxer(policy, exchange.policy.known()) {
        found.push(Code::LaxerOn304.because(what));
    }
}

/// Whether a 304 is about this 200.
fn is_of(full: &Sighting, exchange: &Exchange<'_>) -> bool {
    match (full.tag(), exchange.tag()) {
        (Some(full), Some(tag)) => full.weak_eq(tag),
        (Some(full), None) => exchange.names(full),
        (None, tag) => tag.is_none(),
    }
}

/// What `later` grants and `earlier` does not.
pub(super) fn laxer(earlier: Known, later: Known) -> Option<String> {
    let longer = |before: Option<u32>, now: Option<u32>| now > before;
    let restrictions = [
        (earlier.no_store && !later.no_store, "no-store"),
        (
            earlier.private == Scope::Everything && later.private != Scope::Everything,
            "private",
        ),
        (
            earlier.no_cache == Scope::Everything && later.no_cache != Scope::Everything,
            "no-cache",
        ),
        (
            earlier.must_revalidate && !later.must_revalidate,
            "must-revalidate",
        ),
    ];
    if let Some((_, lost)) = restrictions.into_iter().find(|(lost, _)| *lost) {
        return Some(format!("the 200 said {lost}"));
    }
    let lifetimes = [
        ("max-age", earlier.max_age, later.max_age),
        ("s-maxage", earlier.s_maxage, later.s_maxage),
    ];
    let (name, before, now) = lifetimes
        .into_iter()
        .find(|(_, before, now)| longer(*before, *now))?;
    let before = before.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string());
    let now = now.unwrap_or_default();
    Some(format!("{name} is {now} and was {before} on the 200"))
}

/// A 200 whose body turned out empty, to a client that named the tag of
/// content which was not.
fn emptied(earlier: &Sighting, later: &Sighting) -> Option<Found> {
    let (before, now) = (earlier.content?, later.content?);
    let tag = earlier.tag()?;
    let retagged = later.tag().is_some_and(|other| !other.weak_eq(tag));
    let emptied = now.length == 0 && before.length > 0;
    (emptied && !retagged && later.asked_with(tag)).then(|| {
        Code::EmptyInsteadOf304.because(format!(
            "no content where {} had {} bytes",
            tag_text(tag),
            before.length
        ))
    })
}
