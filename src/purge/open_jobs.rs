//! The purges that a queue has begun and not finished.

use std::collections::BTreeMap;

use super::{
    Purge, PurgeError,
    job::{DoneSender, PurgeJob},
};

/// The number of a job, in the order in which the jobs were begun.
pub(super) type JobId = u64;

#[derive(Debug, Default)]
pub(super) struct OpenJobs {
    jobs: BTreeMap<JobId, OpenJob>,
    next: JobId,
}

#[derive(Debug)]
struct OpenJob {
    purge: Purge,
    /// `None` for a second round, which no ticket waits for.
    done: Option<DoneSender>,
    /// The number of parts that are not finished.
    parts: usize,
    result: Result<(), PurgeError>,
}

/// A job whose parts are all finished.
#[derive(Debug)]
pub(super) struct FinishedJob {
    pub(super) purge: Purge,
    done: Option<DoneSender>,
    pub(super) result: Result<(), PurgeError>,
}

impl FinishedJob {
    /// Returns `true` if a ticket or a flush waits for the result.
    pub(super) fn is_first_round(&self) -> bool {
        self.done.is_some()
    }

    pub(super) fn send_result(self) {
        if let Some(done) = self.done {
            // The ticket may have been dropped. Its owner does not need the result then.
            let _ = done.send(self.result);
        }
    }
}

impl OpenJobs {
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn begin(&mut self, job: PurgeJob) -> JobId {
        self.insert(job.purge, Some(job.done))
    }

    pub(super) fn begin_second_round(&mut self, purge: Purge) -> JobId {
        self.insert(purge, None)
    }

    fn insert(&mut self, purge: Purge, done: Option<DoneSender>) -> JobId {
        let id = self.next;
        self.next += 1;
        let job = OpenJob {
            purge,
            done,
            parts: 0,
            result: Ok(()),
        };
        self.jobs.insert(id, job);
        id
    }

    pub(super) fn purge(&self, id: JobId) -> Option<&Purge> {
        self.jobs.get(&id).map(|job| &job.purge)
    }

    pub(super) fn add_part(&mut self, id: JobId) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.parts += 1;
        }
    }

    /// Records the result of one part. Returns the job if that was the last part.
    pub(super) fn finish_part(
        &mut self,
        id: JobId,
        result: Result<(), PurgeError>,
    ) -> Option<FinishedJob> {
        let job = self.jobs.get_mut(&id)?;
        job.parts -= 1;
        job.result = job.result.and(result);
        self.finish(id)
    }

    /// Removes a job without parts. An empty purge stays: it belongs to a flush, which waits for
    /// the jobs before it.
    pub(super) fn finish(&mut self, id: JobId) -> Option<FinishedJob> {
        let job = self.jobs.get(&id)?;
        if job.parts > 0 || job.purge.is_empty() {
            return None;
        }
        self.jobs.remove(&id).map(OpenJob::into_finished)
    }

    /// Finishes the flushes that are first in order, since no earlier job is left.
    pub(super) fn finish_flushes(&mut self) {
        while let Some(first) = self.jobs.first_entry()
            && first.get().purge.is_empty()
        {
            first.remove().into_finished().send_result();
        }
    }
}

impl OpenJob {
    fn into_finished(self) -> FinishedJob {
        FinishedJob {
            purge: self.purge,
            done: self.done,
            result: self.result,
        }
    }
}
