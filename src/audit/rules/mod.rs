//! The mistakes of the field, told from heads, and from what was seen of one
//! target before.
//!
//! The rules are those of [`AuditLayer`](crate::audit::AuditLayer). They are as pure as
//! `semantics`, which is all that they use.

mod code;
mod cors;
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
    code::Found,
    exchange::Exchange,
    head_and_206::{Suspicion, Verdict, aside, confirm},
    observed::{Content, Sighting},
    parts::{FIRST_BYTES, Part, stretches},
    revalidation::{not_modified, unseen_not_modified},
    stored::StoredContent,
    two_responses::{changed_by_itself, contents, heads, stretches_of},
    writes::{DoubtfulWrite, doubtful, refused},
};

/// What one exchange shows by itself.
pub(crate) fn judge(exchange: &Exchange<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    tags::judge(exchange, &mut found);
    personal::judge(exchange, &mut found);
    negotiation::judge(exchange, &mut found);
    sharing::judge(exchange, &mut found);
    policy::judge(exchange, &mut found);
    structured::judge(exchange, &mut found);
    cors::judge(exchange, &mut found);
    parts::judge(exchange, &mut found);
    revalidation::judge(exchange, &mut found);
    writes::judge(exchange, &mut found);
    found
}
