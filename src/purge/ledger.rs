//! The purges that a queue has begun and not finished.

use std::collections::BTreeMap;

use super::{
    Purge, PurgeError,
    job::{Done, Job},
};

/// In the order in which they were begun.
pub(super) type JobId = u64;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: BTreeMap<JobId, OpenJob>,
    next: JobId,
}

#[derive(Debug)]
struct OpenJob {
    purge: Purge,
    /// Nobody waits for a second round.
    done: Option<Done>,
    /// How many of its parts are not told yet.
    parts: usize,
    result: Result<(), PurgeError>,
}

/// A purge that is over.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) purge: Purge,
    done: Option<Done>,
    pub(super) result: Result<(), PurgeError>,
}

impl Finished {
    pub(super) fn is_first_round(&self) -> bool {
        self.done.is_some()
    }

    pub(super) fn tell(self) {
        if let Some(done) = self.done {
            // Whoever does not wait is gone.
            let _ = done.send(self.result);
        }
    }
}

impl Ledger {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn begin(&mut self, job: Job) -> JobId {
        self.insert(job.purge, Some(job.done))
    }

    pub(super) fn begin_second_round(&mut self, purge: Purge) -> JobId {
        self.insert(purge, None)
    }

    fn insert(&mut self, purge: Purge, done: Option<Done>) -> JobId {
        let id = self.next;
        self.next += 1;
        let job = OpenJob {
            purge,
            done,
            parts: 0,
            result: Ok(()),
        };
        self.open.insert(id, job);
        id
    }

    pub(super) fn purge(&self, id: JobId) -> Option<&Purge> {
        self.open.get(&id).map(|job| &job.purge)
    }

    pub(super) fn add_part(&mut self, id: JobId) {
        if let Some(job) = self.open.get_mut(&id) {
            job.parts += 1;
        }
    }

    /// One of its parts is over.
    pub(super) fn end_part(
        &mut self,
        id: JobId,
        result: Result<(), PurgeError>,
    ) -> Option<Finished> {
        let job = self.open.get_mut(&id)?;
        job.parts -= 1;
        job.result = job.result.and(result);
        self.finish(id)
    }

    /// Removes it if it has no part left. A purge of nothing is that of somebody who waits
    /// for those before it: it stays.
    pub(super) fn finish(&mut self, id: JobId) -> Option<Finished> {
        let job = self.open.get(&id)?;
        if job.parts > 0 || job.purge.is_empty() {
            return None;
        }
        self.open.remove(&id).map(OpenJob::finished)
    }

    /// Removes those that wait for what was begun before them, when there is no such thing.
    pub(super) fn release_waiting(&mut self) {
        while let Some(first) = self.open.first_entry()
            && first.get().purge.is_empty()
        {
            first.remove().finished().tell();
        }
    }
}

impl OpenJob {
    fn finished(self) -> Finished {
        Finished {
            purge: self.purge,
            done: self.done,
            result: self.result,
        }
    }
}
