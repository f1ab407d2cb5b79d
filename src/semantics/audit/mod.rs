//! The mistakes of the field, told from heads, and from what was seen of one
//! target before.
//!
//! The rules are those of [`AuditLayer`](crate::audit::AuditLayer).

mod aside;
mod code;
mod exchange;
mod negotiation;
mod pairs;
mod personal;
mod policy;
mod sharing;
mod sighting;
mod structured;
mod tags;

pub use code::{Code, Severity};
pub(crate) use {
    aside::{Suspicion, Verdict, aside, confirm},
    code::Found,
    exchange::Exchange,
    pairs::{contents, heads, not_modified},
    sighting::{Content, Sighting},
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
    found
}
