//! The task of a queue: it merges purges that wait, sends their parts, and schedules retries.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    NotPurged, Purge, PurgeError, PurgeLimits, Purger,
    calls::{FinishedCall, RunningCalls},
    job::{PurgeCounts, PurgeJob},
    open_jobs::{FinishedJob, JobId, OpenJobs},
    schedule::{PurgePart, PurgeSchedule},
};
use crate::BoxError;
use crate::events;

pub(super) struct PurgeWorker<P> {
    purger: Arc<P>,
    limits: PurgeLimits,
    /// The purges that arrive. `None` when the last handle of the queue is dropped.
    queued: Option<mpsc::Receiver<PurgeJob>>,
    counts: Arc<PurgeCounts>,
    open_jobs: OpenJobs,
    schedule: PurgeSchedule,
    calls: RunningCalls<P>,
}

enum WorkerEvent {
    Queued(PurgeJob),
    CallFinished(FinishedCall),
    /// A scheduled time has come, or the queue has no handles left.
    Other,
}

impl<P: Purger> PurgeWorker<P> {
    pub(super) fn new(
        purger: P,
        limits: PurgeLimits,
        queued: mpsc::Receiver<PurgeJob>,
        counts: Arc<PurgeCounts>,
    ) -> Self {
        let purger = Arc::new(purger);
        Self {
            calls: RunningCalls::new(Arc::clone(&purger), &limits),
            purger,
            limits,
            queued: Some(queued),
            counts,
            open_jobs: OpenJobs::default(),
            schedule: PurgeSchedule::default(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.start_due();
            self.open_jobs.finish_flushes();
            if self.queued.is_none() && self.schedule.is_empty() && self.calls.is_empty() {
                return;
            }
            match self.next_event().await {
                WorkerEvent::Queued(first) => self.begin_queued(first),
                WorkerEvent::CallFinished(call) => match call.result {
                    Ok(()) => self.finish_part(&call.part, Ok(())),
                    Err(error) => self.retry_or_give_up(call.part, &error),
                },
                WorkerEvent::Other => {}
            }
        }
    }

    /// Starts as many calls as there is room for. Second rounds go before newer purges.
    fn start_due(&mut self) {
        let now = Instant::now();
        while self.calls.has_room_for_retry()
            && let Some(part) = self.schedule.take_due_retry(now)
        {
            self.calls.start(part);
        }
        if self.accepts_batch(now)
            && let Some(purge) = self.schedule.take_due_second_round(now)
        {
            self.begin_second_rounds(now, purge);
        }
        while self.calls.has_room_for_first_try(now)
            && let Some(part) = self.schedule.first_tries.pop_front()
        {
            self.calls.start(part);
        }
    }

    /// Returns `true` if a new batch may begin. Otherwise purges wait, so that they are merged.
    fn accepts_batch(&self, now: Instant) -> bool {
        let limits = &self.limits;
        let most = limits.max_queued.saturating_add(limits.max_concurrency);
        self.schedule.first_tries.is_empty()
            && self.calls.has_room_for_batch(now)
            && self.open_jobs.len() < most
    }

    async fn next_event(&mut self) -> WorkerEvent {
        let now = Instant::now();
        let accepts_batch = self.accepts_batch(now);
        let moments = [
            self.calls.next_prompt_end(now),
            self.schedule
                .next_retry()
                .filter(|_| self.calls.has_room_for_retry()),
            self.schedule.next_second_round().filter(|_| accepts_batch),
        ];
        let next = moments.into_iter().flatten().min();
        let mut sleep = pin!(next.map(sleep_until));
        poll_fn(|cx| {
            // First, since a finished call makes room for the next.
            if let Poll::Ready(call) = self.calls.poll_finished(cx) {
                return Poll::Ready(WorkerEvent::CallFinished(call));
            }
            if accepts_batch
                && let Some(queued) = &mut self.queued
                && let Poll::Ready(job) = queued.poll_recv(cx)
            {
                if job.is_none() {
                    self.queued = None;
                }
                return Poll::Ready(job.map_or(WorkerEvent::Other, WorkerEvent::Queued));
            }
            let sleep: Option<Pin<&mut _>> = sleep.as_mut().as_pin_mut();
            sleep.map_or(Poll::Pending, |sleep| {
                sleep.poll(cx).map(|()| WorkerEvent::Other)
            })
        })
        .await
    }

    fn begin_queued(&mut self, first: PurgeJob) {
        let mut purge = first.purge.clone();
        let mut jobs = vec![self.open_jobs.begin(first)];
        while purge.len() < self.limits.max_batch
            && let Some(queued) = &mut self.queued
            && let Ok(job) = queued.try_recv()
        {
            purge = purge.union(job.purge.clone());
            jobs.push(self.open_jobs.begin(job));
        }
        self.begin(&purge, jobs);
    }

    fn begin_second_rounds(&mut self, now: Instant, first: Purge) {
        let mut purge = first.clone();
        let mut jobs = vec![self.open_jobs.begin_second_round(first)];
        while purge.len() < self.limits.max_batch
            && let Some(next) = self.schedule.take_due_second_round(now)
        {
            purge = purge.union(next.clone());
            jobs.push(self.open_jobs.begin_second_round(next));
        }
        self.begin(&purge, jobs);
    }

    fn begin(&mut self, purge: &Purge, jobs: Vec<JobId>) {
        // Only flushes were queued, and they wait for the jobs before them.
        if purge.is_empty() {
            return;
        }
        // If the purger panics, the purge is sent as one part, so that no cache misses it.
        let whole = || vec![purge.clone()];
        let parts = catch_unwind(AssertUnwindSafe(|| self.purger.parts(purge.clone())));
        for purge in parts.unwrap_or_else(|_| whole()) {
            let jobs = self.jobs_named_by(&purge, &jobs);
            for job in &jobs {
                self.open_jobs.add_part(*job);
            }
            self.schedule.first_tries.push_back(PurgePart {
                purge: Arc::new(purge),
                jobs,
                failures: 0,
                pause: self.limits.first_pause,
            });
        }
        // A job has no part if the cache supports neither its tags nor its targets.
        for job in jobs {
            if let Some(finished) = self.open_jobs.finish(job) {
                self.finish_job(finished);
            }
        }
    }

    /// Returns the jobs that have a tag or target of the part. If the purger itself added the
    /// tags, the part belongs to all jobs.
    fn jobs_named_by(&self, part: &Purge, jobs: &[JobId]) -> Vec<JobId> {
        let named = |purge: &Purge| purge.common(part).is_some();
        let is_of = |job: &&JobId| self.open_jobs.purge(**job).is_some_and(named);
        let of: Vec<_> = jobs.iter().filter(is_of).copied().collect();
        if of.is_empty() { jobs.to_vec() } else { of }
    }

    fn retry_or_give_up(&mut self, mut part: PurgePart, error: &BoxError) {
        part.failures += 1;
        let known = error.downcast_ref::<NotPurged>();
        let is_final = known.is_some_and(NotPurged::is_final);
        // One of several merged purges may be the cause, unless the cache as a whole failed.
        let split = part.jobs.len() > 1 && (is_final || known.is_none());
        let is_last = part.failures >= self.limits.max_attempts;
        // The failures before a refusal may be those of the cache, so each purge is sent once more.
        let gives_up = if is_final { !split } else { is_last };
        if gives_up {
            events::purge_failed(
                known.map_or(&**error, NotPurged::for_log),
                part.failures,
                part.purge.len(),
            );
            let reason = if is_final {
                PurgeError::Refused
            } else {
                PurgeError::Failed
            };
            self.finish_part(&part, Err(reason));
            return;
        }
        // The cache chooses the pause in `Retry-After`, so it is bounded.
        let requested = known.and_then(NotPurged::retry_after).unwrap_or_default();
        let pause = part.pause.max(requested.min(self.limits.longest_pause));
        part.pause = part.pause.saturating_mul(2).min(self.limits.longest_pause);
        let parts = if split { self.split(&part) } else { vec![part] };
        for part in parts {
            if let Err(part) = self.schedule.schedule_retry(part, pause) {
                self.finish_part(&part, Err(PurgeError::Failed));
            }
        }
    }

    /// Splits a part into one part for each of its jobs. Each is tried at least once, since the
    /// failures so far may be those of another.
    fn split(&self, part: &PurgePart) -> Vec<PurgePart> {
        let own = |job: &JobId| {
            let purge = self.open_jobs.purge(*job)?.common(&part.purge)?;
            Some(Arc::new(purge))
        };
        let of = |job: &JobId| PurgePart {
            purge: own(job).unwrap_or_else(|| Arc::clone(&part.purge)),
            jobs: vec![*job],
            failures: part.failures.min(self.limits.max_attempts - 1),
            ..*part
        };
        part.jobs.iter().map(of).collect()
    }

    fn finish_part(&mut self, part: &PurgePart, result: Result<(), PurgeError>) {
        for job in &part.jobs {
            if let Some(finished) = self.open_jobs.finish_part(*job, result) {
                self.finish_job(finished);
            }
        }
    }

    fn finish_job(&mut self, finished: FinishedJob) {
        self.counts.count_finished(&finished.purge, finished.result);
        if finished.is_first_round() {
            self.schedule_second_round(&finished.purge);
        }
        finished.send_result();
    }

    fn schedule_second_round(&mut self, purge: &Purge) {
        let pause = self.limits.repeat_after;
        // A time beyond the range of `Instant` never comes.
        let Some(at) = pause.and_then(|pause| Instant::now().checked_add(pause)) else {
            return;
        };
        if self.schedule.second_round_count() == self.limits.max_queued {
            self.counts.count_dropped(purge);
            events::purge_dropped(&PurgeError::Full, purge.len());
            return;
        }
        self.schedule.schedule_second_round(at, purge.clone());
    }
}
