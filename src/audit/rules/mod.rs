//! The rules of the audit: they find mistakes in one exchange, or by comparison with earlier
//! responses of the same target.
//!
//! [`AuditLayer`](crate::audit::AuditLayer) applies them. They are pure functions and use only
//! `semantics`.

#[cfg(feature = "json")]
mod canonical;
mod code;
mod content_range;
mod cors;
mod digests;
mod exchange;
mod fingerprint;
mod head_and_206;
mod negotiation;
mod nonce;
mod observed;
mod parts;
mod personal;
mod policy;
mod revalidation;
mod sharing;
mod stored;
mod structured;
mod tags;
#[cfg(test)]
mod tests;
mod two_responses;
mod users;
mod writes;

pub use code::Code;
pub(crate) use {
    code::RuleFinding,
    cors::check_origin,
    digests::{ContentHashes, ObservedDigests},
    exchange::AuditedExchange,
    head_and_206::{Confirmation, PendingFinding, check_head_and_partial, confirm},
    observed::{ObservedContent, ObservedResponse},
    parts::{FIRST_BYTES, PartialContent, compare_tagged_bytes},
    revalidation::{check_not_modified, check_not_modified_alone},
    stored::StoredContent,
    two_responses::{changed_without_write, compare_contents, compare_heads, compare_with_partial},
    writes::{SuspectWrite, check_refusal, find_suspect_write},
};

/// Returns the findings of one exchange by itself.
pub(crate) fn check_exchange(exchange: &AuditedExchange<'_>) -> Vec<RuleFinding> {
    let mut findings = Vec::new();
    tags::check(exchange, &mut findings);
    personal::check(exchange, &mut findings);
    negotiation::check(exchange, &mut findings);
    sharing::check(exchange, &mut findings);
    policy::check(exchange, &mut findings);
    structured::check(exchange, &mut findings);
    cors::check(exchange, &mut findings);
    parts::check(exchange, &mut findings);
    revalidation::check(exchange, &mut findings);
    writes::check(exchange, &mut findings);
    findings
}
