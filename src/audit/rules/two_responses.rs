//! What two answers for one target show together.

use http::{
    HeaderName,
    header::{ACCEPT, ACCEPT_LANGUAGE},
};

use super::{
    Code, Found, Part, Sighting, exchange::tag_text, fingerprint::RequestDifference,
    parts::stretches, sharing::Sharing,
};
use crate::semantics::caching::cache_control::{DirectiveScope, Directives};

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
    if kept && earlier.difference(later) == RequestDifference::Accept {
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

/// Two 200s whose bodies have ended. `is_steady` says that no content of the
/// target [`changed_by_itself`].
pub(crate) fn contents(
    earlier: &Sighting,
    later: &Sighting,
    is_steady: bool,
    found: &mut Vec<Found>,
) {
    let (Some(before), Some(now)) = (earlier.content, later.content) else {
        return;
    };
    if let Some(emptied) = emptied(earlier, later) {
        found.push(emptied);
    } else if before.digest == now.digest {
        same_bytes(earlier, later, found);
    } else {
        other_bytes(earlier, later, is_steady, found);
    }
}

fn same_bytes(earlier: &Sighting, later: &Sighting, found: &mut Vec<Found>) {
    let (Some(one), Some(other)) = (earlier.tag(), later.tag()) else {
        return;
    };
    let alike =
        earlier.is_described_as(later) && earlier.difference(later) == RequestDifference::None;
    if one.weak_eq(other) || !alike || !earlier.is_undisturbed(later) {
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

fn other_bytes(earlier: &Sighting, later: &Sighting, is_steady: bool, found: &mut Vec<Found>) {
    if let (Some(one), Some(other)) = (earlier.stretch(), later.stretch()) {
        stretches(one, other, found);
    }
    let difference = earlier.difference(later);
    let alike = earlier.is_described_as(later);
    if earlier.tag().is_none()
        && later.tag().is_none()
        && later.modified.is_some()
        && later.modified == earlier.modified
        && alike
        && difference == RequestDifference::None
    {
        found.push(Code::SameDateOtherBytes.because("other bytes with the same Last-Modified"));
    }
    if !is_steady || !alike || !earlier.is_undisturbed(later) {
        return;
    }
    content_of_users(earlier, later, found);
    let kept = earlier.is_kept() || later.is_kept();
    if kept && difference == RequestDifference::Accept {
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

/// Returns `true` if content changed though the request was the same and nobody
/// wrote, as that of a clock does. Then no request field chose it.
pub(crate) fn changed_by_itself(earlier: &Sighting, later: &Sighting) -> bool {
    earlier.content.map(|content| content.digest) != later.content.map(|content| content.digest)
        && earlier.instance == later.instance
        && earlier.is_described_as(later)
        && earlier.is_undisturbed(later)
        && earlier.difference(later) == RequestDifference::None
}

/// What `later` grants and `earlier` does not.
pub(super) fn laxer(earlier: Directives, later: Directives) -> Option<String> {
    let longer = |before: Option<u32>, now: Option<u32>| now > before;
    let restrictions = [
        (earlier.no_store && !later.no_store, "no-store"),
        (
            earlier.private == DirectiveScope::Everything
                && later.private != DirectiveScope::Everything,
            "private",
        ),
        (
            earlier.no_cache == DirectiveScope::Everything
                && later.no_cache != DirectiveScope::Everything,
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

/// A 200 and a part.
pub(crate) fn stretches_of(full: &Sighting, part: &Part, found: &mut Vec<Found>) {
    if let Some(full) = full.stretch() {
        stretches(full, part.stretch(), found);
    }
}

/// Two 200s with other bytes, though nobody wrote in between: nothing in the
/// one keeps a shared cache from giving it to the user of the other.
fn content_of_users(earlier: &Sighting, later: &Sighting, found: &mut Vec<Found>) {
    if earlier.instance != later.instance {
        return;
    }
    let Some(user) = earlier.other_user(later) else {
        return;
    };
    if earlier.names_in_vary(user) || later.names_in_vary(user) {
        return;
    }
    let is_given_away = |full: &Sighting| full.sharing == Sharing::Granted && full.asked_for(user);
    if is_given_away(earlier) || is_given_away(later) {
        found.push(Code::SharedContent.because(format!(
            "a shared cache may keep it: other bytes with another {user}, which Vary does not name"
        )));
    } else if earlier.sharing.max(later.sharing) > Sharing::Never {
        found.push(Code::ContentWithoutVary.because(format!(
            "other bytes with another {user}, which Vary does not name"
        )));
    }
}
