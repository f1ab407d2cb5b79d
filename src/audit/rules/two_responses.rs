//! Rules for two 200s of one target.

use http::{
    HeaderName,
    header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL},
};

use super::{
    AuditedExchange, Code, ObservedResponse, PartialContent, RuleFinding,
    exchange::{tag_text, truncate},
    fingerprint::RequestDifference,
    parts::compare_tagged_bytes,
    sharing::Sharing,
};

/// Compares the heads of two 200s.
pub(crate) fn compare_heads(
    earlier: &ObservedResponse,
    later: &ObservedResponse,
    findings: &mut Vec<RuleFinding>,
) {
    // RFC 9110, section 8.8.3.3: the codings of one content are different bytes.
    if let (Some(one), Some(other)) = (earlier.tag(), later.tag())
        && one.strong_eq(other)
        && earlier.coding != later.coding
    {
        findings.push(Code::SameTagTwoCodings.finding(format!(
            "{} on content coded as {} and as {}",
            tag_text(other),
            coding(earlier),
            coding(later)
        )));
    }
    if let Some(name) = find_vary_difference(earlier, later) {
        findings
            .push(Code::VaryDiffers.finding(format!("only one of two responses varies on {name}")));
    }
    let is_storable = earlier.is_storable() || later.is_storable();
    if is_storable && earlier.difference(later) == RequestDifference::Accept {
        let types = earlier.media_type != later.media_type;
        let languages = earlier.language != later.language;
        for (differs, accept) in [(types, ACCEPT), (languages, ACCEPT_LANGUAGE)] {
            let unnamed = !earlier.names_in_vary(&accept) && !later.names_in_vary(&accept);
            if differs && unnamed && !earlier.has_same_request_header(later, &accept) {
                findings.push(Code::VariantWithoutVary.finding(format!(
                    "the response depends on {accept}, which Vary does not name"
                )));
            }
        }
    }
}

fn coding(response: &ObservedResponse) -> String {
    match &response.coding {
        Some(coding) => String::from_utf8_lossy(coding.as_bytes()).into_owned(),
        None => "identity".to_owned(),
    }
}

/// Returns a header that only one of two `Vary` headers names.
///
/// A cache that stores the response without it gives that response to all (RFC 9111, section
/// 4.1).
fn find_vary_difference<'a>(
    one: &'a ObservedResponse,
    other: &'a ObservedResponse,
) -> Option<&'a HeaderName> {
    if one.varies_on_all || other.varies_on_all {
        return None;
    }
    let missing = |from: &'a ObservedResponse, to: &'a ObservedResponse| {
        let mut names = from.vary.iter().filter(|_| to.is_storable());
        names.find(|name| !to.vary.contains(name))
    };
    missing(one, other).or_else(|| missing(other, one))
}

/// Compares the contents of two 200s whose bodies have ended. `is_steady` is `true` if no
/// content of the target [`changed_without_write`].
pub(crate) fn compare_contents(
    earlier: &ObservedResponse,
    later: &ObservedResponse,
    is_steady: bool,
    findings: &mut Vec<RuleFinding>,
) {
    let (Some(before), Some(now)) = (earlier.content, later.content) else {
        return;
    };
    if let Some(finding) = find_empty_200(earlier, later) {
        findings.push(finding);
    } else if before.digest == now.digest {
        check_same_bytes(earlier, later, findings);
    } else {
        check_other_bytes(earlier, later, is_steady, findings);
    }
}

fn check_same_bytes(
    earlier: &ObservedResponse,
    later: &ObservedResponse,
    findings: &mut Vec<RuleFinding>,
) {
    let (Some(one), Some(other)) = (earlier.tag(), later.tag()) else {
        return;
    };
    let is_same_kind =
        earlier.is_same_kind(later) && earlier.difference(later) == RequestDifference::None;
    if one.weak_eq(other) || !is_same_kind || !earlier.is_same_epoch(later) {
        return;
    }
    // Between two instances nothing changed but the process.
    let code = if earlier.instance == later.instance {
        Code::UnstableTag
    } else {
        Code::PerProcessTag
    };
    findings.push(code.finding(format!(
        "{} and then {} on the same bytes",
        tag_text(one),
        tag_text(other)
    )));
}

fn check_other_bytes(
    earlier: &ObservedResponse,
    later: &ObservedResponse,
    is_steady: bool,
    findings: &mut Vec<RuleFinding>,
) {
    if let (Some(one), Some(other)) = (earlier.tagged_bytes(), later.tagged_bytes()) {
        compare_tagged_bytes(one, other, findings);
    }
    #[cfg(feature = "json")]
    findings.extend(super::canonical::find_order_only_change(earlier, later));
    let difference = earlier.difference(later);
    let is_same_kind = earlier.is_same_kind(later);
    if earlier.tag().is_none()
        && later.tag().is_none()
        && later.modified.is_some()
        && later.modified == earlier.modified
        && is_same_kind
        && difference == RequestDifference::None
    {
        findings.push(Code::SameDateOtherBytes.finding("other bytes with the same Last-Modified"));
    }
    // Content that changes by itself, or by a write, does not depend on the request.
    if !is_steady || !is_same_kind || !earlier.is_same_epoch(later) {
        return;
    }
    compare_users(earlier, later, findings);
    let is_storable = earlier.is_storable() || later.is_storable();
    if is_storable && difference == RequestDifference::Accept {
        let unnamed = [ACCEPT, ACCEPT_LANGUAGE].into_iter().find(|accept| {
            !earlier.has_same_request_header(later, accept)
                && !earlier.names_in_vary(accept)
                && !later.names_in_vary(accept)
        });
        if let Some(accept) = unnamed {
            let is_shared = |full: &ObservedResponse| {
                full.sharing == Sharing::Granted && !full.has_request_header(&AUTHORIZATION)
            };
            // A shared cache gives the first content to everybody.
            let code = if is_shared(earlier) || is_shared(later) {
                Code::VariantWithoutVary
            } else {
                Code::ContentWithoutVary
            };
            findings.push(code.finding(format!(
                "other bytes with another {accept}, which Vary does not name"
            )));
        }
    }
}

/// Returns `true` if the content changed between equal requests without a write, as that of a
/// clock does. No request header selected it then.
pub(crate) fn changed_without_write(earlier: &ObservedResponse, later: &ObservedResponse) -> bool {
    earlier.content.map(|content| content.digest) != later.content.map(|content| content.digest)
        && earlier.instance == later.instance
        && earlier.is_same_kind(later)
        && earlier.is_same_epoch(later)
        && earlier.difference(later) == RequestDifference::None
}

/// Describes a permission that a response gives caches and the 200 `full` does not, if both have
/// `Cache-Control`.
pub(super) fn find_laxer_policy(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
) -> Option<String> {
    let before = full
        .policy
        .as_ref()
        .filter(|_| exchange.has(&CACHE_CONTROL))?;
    let now = exchange.policy;
    let expires = full.expires.as_ref().map(|expires| expires.seconds);
    // A header that is missing stays in the stored response (RFC 9111, section 3.2). Time
    // passes between both responses.
    let expires = [
        exchange.expires().map_or(expires, |seconds| {
            Some(seconds.saturating_sub(AuditedExchange::SKEW))
        }),
        expires.map(|seconds| seconds.saturating_add(AuditedExchange::SKEW)),
    ];
    let what = now.grants_beyond(before, expires)?;
    let (now, before) = [now, before]
        .map(|policy| truncate(&policy.to_string()))
        .into();
    Some(format!("{what}: {now} where the 200 had {before}"))
}

/// Checks for an empty 200 to a client that named the tag of content which is not empty.
fn find_empty_200(earlier: &ObservedResponse, later: &ObservedResponse) -> Option<RuleFinding> {
    let (before, now) = (earlier.content?, later.content?);
    let tag = earlier.tag().filter(|_| !earlier.is_gone)?;
    let retagged = later.tag().is_some_and(|other| !other.weak_eq(tag));
    let is_emptied = now.length == 0 && before.length > 0;
    (is_emptied && !retagged && later.named_tag(tag)).then(|| {
        Code::EmptyInsteadOf304.finding(format!(
            "no content where {} had {} bytes",
            tag_text(tag),
            before.length
        ))
    })
}

/// Compares a 200 with a part.
pub(crate) fn compare_with_partial(
    full: &ObservedResponse,
    part: &PartialContent,
    findings: &mut Vec<RuleFinding>,
) {
    if let Some(full) = full.tagged_bytes() {
        compare_tagged_bytes(full, part.tagged_bytes(), findings);
    }
}

/// Compares two 200s for different users with different bytes, if nobody wrote in between.
///
/// Such a response must not be one that a shared cache gives to the other user.
fn compare_users(
    earlier: &ObservedResponse,
    later: &ObservedResponse,
    findings: &mut Vec<RuleFinding>,
) {
    if earlier.instance != later.instance {
        return;
    }
    let Some(user) = earlier.differing_user_header(later) else {
        return;
    };
    if earlier.names_in_vary(user) || later.names_in_vary(user) {
        return;
    }
    let is_given_away =
        |full: &ObservedResponse| full.sharing == Sharing::Granted && full.has_request_header(user);
    if is_given_away(earlier) || is_given_away(later) {
        findings.push(Code::SharedContent.finding(format!(
            "a shared cache may keep it: other bytes with another {user}, which Vary does not name"
        )));
    } else if earlier.sharing.max(later.sharing) > Sharing::Never {
        findings.push(Code::ContentWithoutVary.finding(format!(
            "other bytes with another {user}, which Vary does not name"
        )));
    }
}
