//! The decisions of clients, which the seed makes.

use crate::{seeded::Draw, system::REPLICAS};

pub(crate) const PAGES: u64 = 4;

/// The next thing that a client does.
pub(crate) struct Decision {
    pub(crate) replica: usize,
    /// The client waits for every answer. Otherwise it disconnects soon.
    pub(crate) is_patient: bool,
    pub(crate) action: Action,
}

pub(crate) enum Action {
    /// Reads the page if it has changed since this client has seen it, or since anybody has.
    Read { page: usize, latest: bool },
    /// Reads the page whole, and writes it over that. Then reads it on another replica as a client
    /// that has seen the replaced content only.
    Write { page: usize, then: usize },
    /// Places an order with a key that other clients use too.
    Order { key: String },
}

impl Decision {
    /// Draws a decision. It depends on the seed and on the number of decisions before it.
    pub(crate) fn draw(draw: &mut Draw, number: u64) -> Self {
        let replica = draw.below(REPLICAS as u64) as usize;
        let is_patient = draw.below(4) > 0;
        let page = draw.below(PAGES) as usize;
        let then = draw.below(REPLICAS as u64) as usize;
        let latest = draw.coin();
        // The clients are at about the same number, and a key has some retries.
        let key = format!("key {}", number / 4 * 3 + draw.below(3));
        let action = match draw.below(16) {
            0..12 => Action::Read { page, latest },
            12 => Action::Write { page, then },
            _ => Action::Order { key },
        };
        Self {
            replica,
            is_patient,
            action,
        }
    }
}
