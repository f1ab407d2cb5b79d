//! Rules for a write and the 200 before it (RFC 9110, section 13.1).

use http::{
    HeaderName, Method, StatusCode,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE},
};

use super::{
    AuditedExchange, Code, ObservedResponse, RuleFinding, exchange::tag_text,
    fingerprint::RequestDifference,
};
use crate::semantics::{
    field::{lines, list::trim_ows, method::is_safe},
    validator::{EntityTag, TagMember, TagRef, entity_tags},
};

/// A write that succeeded although its condition was false.
///
/// Only the next 200 shows whether anything was written: the state that the client requested
/// may have been there already (RFC 9110, section 13.1.1).
#[derive(Debug)]
pub(crate) struct SuspectWrite {
    /// The number of the 200 before.
    pub(crate) full: u64,
    /// The epoch after the write.
    epoch: u64,
    finding: RuleFinding,
}

/// The tags in the `If-Match` of a request, if no other condition can decide.
enum IfMatchTags {
    Any,
    Tags(Vec<EntityTag>),
}

impl IfMatchTags {
    fn of(exchange: &AuditedExchange<'_>) -> Option<Self> {
        // RFC 9110, section 13.2.2: the first two are ignored beside If-Match.
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

/// Checks a write by itself.
pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if exchange.status != StatusCode::PRECONDITION_REQUIRED || is_safe(exchange.method) {
        return;
    }
    if let Some(IfMatchTags::Tags(named)) = IfMatchTags::of(exchange)
        && let Some(tag) = named.iter().find(|tag| !tag.is_weak())
    {
        let tag = tag_text(tag.as_ref());
        findings.push(Code::ConditionOverlooked.finding(format!("428 with If-Match: {tag}")));
    }
}

/// Checks a response that refuses the tag of the latest 200, if nobody wrote in between.
pub(crate) fn check_refusal(
    full: &ObservedResponse,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    // A response to HEAD may lack headers that depend on the content, such as the tag.
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
    match IfMatchTags::of(exchange) {
        // The 200 shows that there is a representation, so `*` is true (section 13.1.1).
        Some(IfMatchTags::Any) => findings.push(Code::CurrentTagRefused.finding(format!(
            "412 to {method} with If-Match: * after a 200 to GET"
        ))),
        Some(IfMatchTags::Tags(named)) => {
            let Some(tag) = full.tag() else {
                return;
            };
            let mut named = named.iter().map(EntityTag::as_ref);
            let is_named = named.clone().any(|named| named.strong_eq(tag));
            let detail = format!("412 to {method} with If-Match: {}", tag_text(tag));
            if is_named {
                findings.push(
                    Code::CurrentTagRefused.finding(format!("{detail}, the tag of the last 200")),
                );
            } else if tag.is_weak() && named.any(|named| named.weak_eq(tag)) && !is_safe(method) {
                findings.push(
                    Code::WeakTagRefused.finding(format!("{detail}, which no condition matches")),
                );
            }
        }
        None => {}
    }
}

/// Returns a write that succeeded although its condition was false, for the latest 200 `full` and
/// for all others of the target.
pub(crate) fn find_suspect_write<'a>(
    (number, full): (u64, &'a ObservedResponse),
    others: impl Iterator<Item = &'a ObservedResponse>,
    exchange: &AuditedExchange<'_>,
    epoch: u64,
) -> Option<SuspectWrite> {
    let methods = [Method::PUT, Method::PATCH, Method::DELETE];
    let tag = full.tag()?;
    if !exchange.status.is_success() || !methods.contains(exchange.method) {
        return None;
    }
    let condition = if is_create_only(exchange) {
        format!("If-None-Match: * where the last 200 had {}", tag_text(tag))
    } else {
        let IfMatchTags::Tags(named) = IfMatchTags::of(exchange)? else {
            return None;
        };
        let others = others.filter(|other| !full.supersedes(other));
        let mut current = others.filter_map(ObservedResponse::tag).chain([tag]);
        // A coding has the tag of the content with a suffix.
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
    Some(SuspectWrite {
        full: number,
        epoch: epoch.saturating_add(1),
        finding: Code::IgnoredCondition.finding(format!("{status} to {method} with {condition}")),
    })
}

/// Returns `true` for `If-None-Match: *` without any other condition.
fn is_create_only(exchange: &AuditedExchange<'_>) -> bool {
    let mut conditions = exchange
        .request
        .keys()
        .filter(|name| name.as_str() == "if" || name.as_str().starts_with("if-"));
    let line = lines::only(exchange.request, &IF_NONE_MATCH);
    line.is_some_and(|line| trim_ows(line.as_bytes()) == b"*")
        && conditions.all(|name| *name == IF_NONE_MATCH)
}

impl SuspectWrite {
    /// Returns the finding if a later 200 shows that the state changed, though nobody else wrote.
    pub(crate) fn confirm(
        &self,
        full: &ObservedResponse,
        later: &ObservedResponse,
    ) -> Option<RuleFinding> {
        let is_other_tag = full
            .tag()
            .zip(later.tag())
            .is_some_and(|(tag, other)| !tag.weak_eq(other));
        let is_next = later.has_head_of_epoch(Some(self.epoch));
        let is_same =
            full.difference(later) == RequestDifference::None && full.instance == later.instance;
        (is_other_tag && is_next && is_same).then(|| self.finding.clone())
    }
}
