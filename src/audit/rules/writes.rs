//! Writes together with the 200 before them (RFC 9110, section 13.1).

use http::{
    HeaderName, Method, StatusCode,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE},
};

use super::{Code, Exchange, Found, Sighting, exchange::tag_text, fingerprint::RequestDifference};
use crate::semantics::{
    field::{lines, list::trim_ows, method::is_safe},
    validator::{EntityTag, TagMember, TagRef, entity_tags},
};

/// A condition that was false, on a write that succeeded nevertheless. Only the
/// next 200 tells if anything was written: the state that the client asked for
/// may have been there (RFC 9110, section 13.1.1).
#[derive(Debug)]
pub(crate) struct DoubtfulWrite {
    /// The number of the 200 before.
    pub(crate) full: u64,
    /// The time after it.
    epoch: u64,
    found: Found,
}

/// The tags that a request's `If-Match` names, if that is all that decides.
enum Expected {
    Any,
    Tags(Vec<EntityTag>),
}

impl Expected {
    fn of(exchange: &Exchange<'_>) -> Option<Self> {
        // RFC 9110, section 13.2.2: the first two are not looked at beside it.
        let known = [IF_UNMODIFIED_SINCE, IF_MODIFIED_SINCE, IF_RANGE, IF_MATCH];
        let decides = |name: &HeaderName| {
            let is_condition = name.as_str() == "if" || name.as_str().starts_with("if-");
            is_condition && !known.contains(name)
        };
        if exchange.request.keys().any(decides) {
            return None;
        }
        if let Some(line) = lines::only(exchange.request, &IF_MATCH)
            && trim_ows(line.as_bytes()) == b"*"
        {
            return Some(Self::Any);
        }
        let members = entity_tags(lines::lines(exchange.request, &IF_MATCH));
        let tags = members.map(|member| match member {
            TagMember::Tag(tag) => Some(EntityTag::from(tag)),
            TagMember::Malformed(_) => None,
        });
        let tags = tags.collect::<Option<Vec<_>>>()?;
        (!tags.is_empty()).then_some(Self::Tags(tags))
    }
}

/// A write by itself.
pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    if exchange.status != StatusCode::PRECONDITION_REQUIRED || is_safe(exchange.method) {
        return;
    }
    if let Some(Expected::Tags(named)) = Expected::of(exchange)
        && let Some(tag) = named.iter().find(|tag| !tag.is_weak())
    {
        let tag = tag_text(tag.as_ref());
        found.push(Code::ConditionOverlooked.because(format!("428 with If-Match: {tag}")));
    }
}

/// Judges an answer that refuses the tag of the latest 200, between which and
/// the answer nobody wrote.
pub(crate) fn refused(full: &Sighting, exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    // An answer to HEAD may lack what only the content tells, the tag as well.
    let methods = [
        Method::GET,
        Method::PUT,
        Method::PATCH,
        Method::POST,
        Method::DELETE,
    ];
    if exchange.status != StatusCode::PRECONDITION_FAILED || !methods.contains(exchange.method) {
        return;
    }
    let method = exchange.method;
    match Expected::of(exchange) {
        Some(Expected::Any) => found.push(Code::CurrentTagRefused.because(format!(
            "412 to {method} with If-Match: * after a 200 to GET"
        ))),
        Some(Expected::Tags(named)) => {
            let Some(tag) = full.tag() else {
                return;
            };
            let mut named = named.iter().map(EntityTag::as_ref);
            let is_named = named.clone().any(|named| named.strong_eq(tag));
            let detail = format!("412 to {method} with If-Match: {}", tag_text(tag));
            if is_named {
                found.push(
                    Code::CurrentTagRefused.because(format!("{detail}, the tag of the last 200")),
                );
            } else if tag.is_weak() && named.any(|named| named.weak_eq(tag)) && !is_safe(method) {
                found.push(
                    Code::WeakTagRefused.because(format!("{detail}, which no condition matches")),
                );
            }
        }
        None => {}
    }
}

/// Looks for a write that succeeded though its condition was false in the
/// latest 200, `full`, and in all others of the target.
pub(crate) fn doubtful<'a>(
    (number, full): (u64, &'a Sighting),
    others: impl Iterator<Item = &'a Sighting>,
    exchange: &Exchange<'_>,
    epoch: u64,
) -> Option<DoubtfulWrite> {
    let methods = [Method::PUT, Method::PATCH, Method::DELETE];
    let tag = full.tag().filter(|tag| !tag.is_weak())?;
    if !exchange.status.is_success() || !methods.contains(exchange.method) {
        return None;
    }
    let condition = if is_create_only(exchange) {
        format!("If-None-Match: * where the last 200 had {}", tag_text(tag))
    } else {
        let Expected::Tags(named) = Expected::of(exchange)? else {
            return None;
        };
        let mut current = others.filter_map(Sighting::tag).chain([tag]);
        // The tag of a content coding is that of the content and a suffix.
        let is_current = |tag: TagRef<'_>| {
            named.iter().any(|named| {
                let (one, other) = (named.opaque(), tag.opaque());
                one.starts_with(other) || other.starts_with(one)
            })
        };
        if current.any(is_current) {
            return None;
        }
        let named = named.first()?.as_ref();
        format!(
            "If-Match: {} where the last 200 had {}",
            tag_text(named),
            tag_text(tag)
        )
    };
    let (method, status) = (exchange.method, exchange.status.as_u16());
    Some(DoubtfulWrite {
        full: number,
        epoch: epoch.saturating_add(1),
        found: Code::IgnoredCondition.because(format!("{status} to {method} with {condition}")),
    })
}

/// `If-None-Match: *` and no other condition.
fn is_create_only(exchange: &Exchange<'_>) -> bool {
    let mut conditions = exchange
        .request
        .keys()
        .filter(|name| name.as_str() == "if" || name.as_str().starts_with("if-"));
    let line = lines::only(exchange.request, &IF_NONE_MATCH);
    line.is_some_and(|line| trim_ows(line.as_bytes()) == b"*")
        && conditions.all(|name| *name == IF_NONE_MATCH)
}

impl DoubtfulWrite {
    /// Judges the write by a later 200: the state moved, though the condition was
    /// false, and nobody else wrote.
    pub(crate) fn confirm(&self, full: &Sighting, later: &Sighting) -> Option<Found> {
        let moved = full
            .tag()
            .zip(later.tag())
            .is_some_and(|(tag, other)| !tag.weak_eq(other));
        let is_next = later.has_head_of_epoch(Some(self.epoch));
        let is_same =
            full.difference(later) == RequestDifference::None && full.instance == later.instance;
        (moved && is_next && is_same).then(|| self.found.clone())
    }
}
