//! The task of a queue. Purges that wait are told together; what fails or hangs is set aside,
//! and those behind it go on.

use std::{
    error::Error,
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
    agenda::{Agenda, Part},
    calls::{Calls, Ended},
    job::{Counts, Job},
    ledger::{Finished, JobId, Ledger},
};
use crate::events;

pub(super) struct Worker<P> {
    purger: Arc<P>,
    limits: PurgeLimits,
    /// Gone when nobody can add to it any more.
    queued: Option<mpsc::Receiver<Job>>,
    counts: Arc<Counts>,
    ledger: Ledger,
    agenda: Agenda,
    calls: Calls<P>,
}

enum Event {
    Queued(Job),
    Ended(Ended),
    /// A moment has come, or the queue has ended.
    Other,
}

impl<P: Purger> Worker<P> {
    pub(super) fn new(
        purger: P,
        limits: PurgeLimits,
        queued: mpsc::Receiver<Job>,
        counts: Arc<Counts>,
    ) -> Self {
        let purger = Arc::new(purger);
        Self {
            calls: Calls::new(Arc::clone(&purger), &limits),
            purger,
            limits,
            queued: Some(queued),
            counts,
            ledger: Ledger::default(),
            agenda: Agenda::default(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.start_due();
            self.ledger.release_waiting();
            if self.queued.is_none() && self.agenda.is_empty() && self.calls.is_empty() {
                return;
            }
            match self.event().await {
                Event::Queued(first) => self.begin_queued(first),
                Event::Ended(Ended {
                    part,
                    result: Ok(()),
                }) => self.end(&part, Ok(())),
                Event::Ended(Ended {
                    part,
                    result: Err(error),
                }) => self.fail(part, &*error),
                Event::Other => {}
            }
        }
    }

    /// Starts whatever there is room for. A second round that is due goes before what came
    /// later.
    fn start_due(&mut self) {
        let now = Instant::now();
        while self.calls.take_retry()
            && let Some(part) = self.agenda.due_retry(now)
        {
            self.calls.start(part);
        }
        if self.takes_batch(now)
            && let Some(purge) = self.agenda.due_second_round(now)
        {
            self.begin_second_rounds(now, purge);
        }
        while self.calls.take_first_try(now)
            && let Some(part) = self.agenda.first_tries.pop_front()
        {
            self.calls.start(part);
        }
    }

    /// Whether more purges are begun, and so no longer wait where they are put together.
    fn takes_batch(&self, now: Instant) -> bool {
        let most = self.limits.capacity.saturating_add(self.limits.concurrency);
        self.agenda.first_tries.is_empty() && self.calls.take_batch(now) && self.ledger.len() < most
    }

    async fn event(&mut self) -> Event {
        let now = Instant::now();
        let takes_batch = self.takes_batch(now);
        let moments = [
            self.calls.next_overtaken(now),
            self.agenda.next_retry().filter(|_| self.calls.take_retry()),
            self.agenda.next_second_round().filter(|_| takes_batch),
        ];
        let next = moments.into_iter().flatten().min();
        let mut sleep = pin!(next.map(sleep_until));
        poll_fn(|cx| {
            if let Poll::Ready(ended) = self.calls.poll_ended(cx) {
                return Poll::Ready(Event::Ended(ended));
            }
            if takes_batch
                && let Some(queued) = &mut self.queued
                && let Poll::Ready(job) = queued.poll_recv(cx)
            {
                if job.is_none() {
                    self.queued = None;
                }
                return Poll::Ready(job.map_or(Event::Other, Event::Queued));
            }
            let sleep: Option<Pin<&mut _>> = sleep.as_mut().as_pin_mut();
            sleep.map_or(Poll::Pending, |sleep| sleep.poll(cx).map(|()| Event::Other))
        })
        .await
    }

    fn begin_queued(&mut self, first: Job) {
        let mut purge = first.purge.clone();
        let mut jobs = vec![self.ledger.begin(first)];
        while purge.len() < self.limits.batch
            && let Some(queued) = &mut self.queued
            && let Ok(job) = queued.try_recv()
        {
            purge = purge.union(job.purge.clone());
            jobs.push(self.ledger.begin(job));
        }
        self.begin(&purge, jobs);
    }

    fn begin_second_rounds(&mut self, now: Instant, first: Purge) {
        let mut purge = first.clone();
        let mut jobs = vec![self.ledger.begin_second_round(first)];
        while purge.len() < self.limits.batch
            && let Some(next) = self.agenda.due_second_round(now)
        {
            purge = purge.union(next.clone());
            jobs.push(self.ledger.begin_second_round(next));
        }
        self.begin(&purge, jobs);
    }

    fn begin(&mut self, purge: &Purge, jobs: Vec<JobId>) {
        if purge.is_empty() {
            return;
        }
        let whole = || vec![purge.clone()];
        let parts = catch_unwind(AssertUnwindSafe(|| self.purger.parts(purge.clone())));
        for purge in parts.unwrap_or_else(|_| whole()) {
            let jobs = self.jobs_of(&purge, &jobs);
            for job in &jobs {
                self.ledger.add_part(*job);
            }
            self.agenda.first_tries.push_back(Part {
                purge: Arc::new(purge),
                jobs,
                failures: 0,
                pause: self.limits.first_pause,
            });
        }
        // A cache that is told neither tags nor targets has nothing to do for some.
        for job in jobs {
            if let Some(finished) = self.ledger.finish(job) {
                self.close(finished);
            }
        }
    }

    /// Those that name something of the part. A purger that has made up names tells them for
    /// all.
    fn jobs_of(&self, part: &Purge, jobs: &[JobId]) -> Vec<JobId> {
        let named = |purge: &Purge| purge.common(part).is_some();
        let is_of = |job: &&JobId| self.ledger.purge(**job).is_some_and(named);
        let of: Vec<_> = jobs.iter().filter(is_of).copied().collect();
        if of.is_empty() { jobs.to_vec() } else { of }
    }

    fn fail(&mut self, mut part: Part, error: &(dyn Error + Send + Sync + 'static)) {
        part.failures += 1;
        let known = error.downcast_ref::<NotPurged>();
        let is_final = known.is_some_and(NotPurged::is_final);
        // One of several may be all that is wrong, if it is not the cache.
        let apart = part.jobs.len() > 1 && (is_final || known.is_none());
        if part.failures == self.limits.attempts || is_final && !apart {
            events::purge_failed(error, part.failures);
            let reason = if is_final {
                PurgeError::Refused
            } else {
                PurgeError::Failed
            };
            self.end(&part, Err(reason));
            return;
        }
        let asked = known.and_then(NotPurged::retry_after).unwrap_or_default();
        let pause = part.pause.max(asked.min(self.limits.longest_pause));
        part.pause = part.pause.saturating_mul(2).min(self.limits.longest_pause);
        let parts = if apart { self.split(&part) } else { vec![part] };
        for part in parts {
            if let Err(part) = self.agenda.plan_retry(part, pause) {
                self.end(&part, Err(PurgeError::Failed));
            }
        }
    }

    /// A part for each of its jobs.
    fn split(&self, part: &Part) -> Vec<Part> {
        let own = |job: &JobId| {
            let purge = self.ledger.purge(*job)?.common(&part.purge)?;
            Some(Arc::new(purge))
        };
        let of = |job: &JobId| Part {
            purge: own(job).unwrap_or_else(|| Arc::clone(&part.purge)),
            jobs: vec![*job],
            ..*part
        };
        part.jobs.iter().map(of).collect()
    }

    fn end(&mut self, part: &Part, result: Result<(), PurgeError>) {
        for job in &part.jobs {
            if let Some(finished) = self.ledger.end_part(*job, result) {
                self.close(finished);
            }
        }
    }

    fn close(&mut self, finished: Finished) {
        if finished.result.is_err() {
            self.counts.count_failed();
        }
        if finished.is_first_round() {
            self.plan_again(&finished.purge);
        }
        finished.tell();
    }

    fn plan_again(&mut self, purge: &Purge) {
        let pause = self.limits.again_after;
        // A round behind the end of time never comes.
        let Some(at) = pause.and_then(|pause| Instant::now().checked_add(pause)) else {
            return;
        };
        if self.agenda.second_rounds() == self.limits.capacity {
            self.counts.count_dropped();
            events::purge_dropped(&PurgeError::Full);
            return;
        }
        self.agenda.plan_second_round(at, purge.clone());
    }
}
