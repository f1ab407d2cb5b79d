//! Rules for JSON content and its canonical form (RFC 8785).

use super::{
    Code, ObservedResponse, RuleFinding, exchange::tag_text, fingerprint::RequestDifference,
};

/// Checks for two strong tags on one JSON value that was written in two ways.
///
/// Both responses have ended, with different bytes.
pub(super) fn find_order_only_change(
    earlier: &ObservedResponse,
    later: &ObservedResponse,
) -> Option<RuleFinding> {
    let (one, other) = (earlier.tag()?, later.tag()?);
    let (before, now) = (earlier.content?.form?, later.content?.form?);
    let is_same_value = before == now
        && earlier.is_same_kind(later)
        && earlier.is_same_epoch(later)
        && earlier.difference(later) == RequestDifference::None;
    (is_same_value && !one.is_weak() && !other.is_weak() && !one.strong_eq(other)).then(|| {
        Code::OrderOnlyChange.finding(format!(
            "{} and then {} on one JSON value, written in two ways",
            tag_text(one),
            tag_text(other)
        ))
    })
}
