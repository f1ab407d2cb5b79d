//! What is to be told, and when.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{Purge, ledger::JobId};

/// What one call tells.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) purge: Arc<Purge>,
    /// For whom.
    pub(super) jobs: Vec<JobId>,
    /// How often it was told in vain.
    pub(super) failures: u32,
    /// Before the next try.
    pub(super) pause: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Not told yet, the next one first.
    pub(super) first_tries: VecDeque<Part>,
    retries: BTreeMap<(Instant, u64), Part>,
    planned: u64,
    /// The next one first, for all come after the same pause.
    second_rounds: VecDeque<(Instant, Purge)>,
}

impl Agenda {
    pub(super) fn is_empty(&self) -> bool {
        self.first_tries.is_empty() && self.retries.is_empty() && self.second_rounds.is_empty()
    }

    /// A try behind the end of time never comes, and is not planned.
    pub(super) fn plan_retry(&mut self, part: Part, pause: Duration) -> Result<(), Part> {
        let Some(at) = Instant::now().checked_add(pause) else {
            return Err(part);
        };
        self.retries.insert((at, self.planned), part);
        self.planned += 1;
        Ok(())
    }

    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.retries.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn due_retry(&mut self, now: Instant) -> Option<Part> {
        let first = self.retries.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    pub(super) fn second_rounds(&self) -> usize {
        self.second_rounds.len()
    }

    pub(super) fn plan_second_round(&mut self, at: Instant, purge: Purge) {
        self.second_rounds.push_back((at, purge));
    }

    pub(super) fn next_second_round(&self) -> Option<Instant> {
        self.second_rounds.front().map(|(at, _)| *at)
    }

    pub(super) fn due_second_round(&mut self, now: Instant) -> Option<Purge> {
        let due = self.next_second_round().is_some_and(|at| at <= now);
        due.then(|| self.second_rounds.pop_front())
            .flatten()
            .map(|(_, purge)| purge)
    }
}
