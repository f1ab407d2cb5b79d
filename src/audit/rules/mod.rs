//! The mistakes of the field, told from heads, and from what was seen of one
//! target before.
//!
//! The rules are those of [`AuditLayer`](crate::audit::AuditLayer). They are as pure as
//! `semantics`, which is all that they use.

mod aside;
mod code;
mod cors;
mod exchange;
mod fingerprint;
mod negotiation;
mod nonce;
mod pairs;
mod parts;
mod personal;
mod policy;
mod revalidation;
mod sharing;
mod sighting;
mod stored;
mod structured;
mod tags;
#[cfg(test)]
mod tests;
mod users;
mod writes;

pub use code::{Code, Severity};
pub(crate) use {
    aside::{Suspicion, Verdict, aside, confirm},
    code::Found,
    exchange::Exchange,
    pairs::{changed_by_itself, contents, heads, stretches_of},
    parts::{FIRST_BYTES, Part, stretches},
    revalidation::{not_modified, unseen_not_modified},
    sighting::{Content, Sighting},
    stored::StoredContent,
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
