//! The parts of purges that wait to be sent, and the times of retries and second rounds.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{Purge, open_jobs::JobId};

/// The tags and targets of one call to the purger.
#[derive(Debug)]
pub(super) struct PurgePart {
    pub(super) purge: Arc<Purge>,
    /// The jobs that the part belongs to.
    pub(super) jobs: Vec<JobId>,
    /// The number of failed tries.
    pub(super) failures: u32,
    /// The pause before the next retry.
    pub(super) pause: Duration,
}

#[derive(Debug, Default)]
pub(super) struct PurgeSchedule {
    /// The parts that have not been sent yet, the next one first.
    pub(super) first_tries: VecDeque<PurgePart>,
    retries: BTreeMap<(Instant, u64), PurgePart>,
    scheduled: u64,
    /// The purges of second rounds in the order of their times, since all wait equally long.
    second_rounds: VecDeque<(Instant, Purge)>,
}

impl PurgeSchedule {
    pub(super) fn is_empty(&self) -> bool {
        self.first_tries.is_empty() && self.retries.is_empty() && self.second_rounds.is_empty()
    }

    /// Schedules a retry. Returns the part if the time is beyond the range of [`Instant`].
    pub(super) fn schedule_retry(
        &mut self,
        part: PurgePart,
        pause: Duration,
    ) -> Result<(), PurgePart> {
        let Some(at) = Instant::now().checked_add(pause) else {
            return Err(part);
        };
        self.retries.insert((at, self.scheduled), part);
        self.scheduled += 1;
        Ok(())
    }

    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.retries.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn take_due_retry(&mut self, now: Instant) -> Option<PurgePart> {
        let first = self.retries.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    pub(super) fn second_round_count(&self) -> usize {
        self.second_rounds.len()
    }

    pub(super) fn schedule_second_round(&mut self, at: Instant, purge: Purge) {
        self.second_rounds.push_back((at, purge));
    }

    pub(super) fn next_second_round(&self) -> Option<Instant> {
        self.second_rounds.front().map(|(at, _)| *at)
    }

    pub(super) fn take_due_second_round(&mut self, now: Instant) -> Option<Purge> {
        let due = self.next_second_round().is_some_and(|at| at <= now);
        due.then(|| self.second_rounds.pop_front())
            .flatten()
            .map(|(_, purge)| purge)
    }
}
