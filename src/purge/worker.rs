//! The task of a queue: one purge at a time, and those that waited together.

use std::{collections::VecDeque, sync::Arc};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

use super::{
    BoxError, GivenUp, Purge, PurgeLimits, Purger,
    queue::{Counts, Job},
};
use crate::events;

pub(super) struct Worker<P> {
    purger: Arc<P>,
    limits: PurgeLimits,
    jobs: mpsc::Receiver<Job>,
    counts: Arc<Counts>,
    /// Second rounds, the next one first.
    rounds: VecDeque<Round>,
    /// How many purges are in them.
    planned: usize,
}

/// Purges that are put together.
struct Round {
    at: Instant,
    purge: Arc<Purge>,
    purges: usize,
}

enum Next {
    Job(Job),
    Again(Round),
    End,
}

impl<P: Purger> Worker<P> {
    pub(super) fn new(
        purger: P,
        limits: PurgeLimits,
        jobs: mpsc::Receiver<Job>,
        counts: Arc<Counts>,
    ) -> Self {
        Self {
            purger: Arc::new(purger),
            limits,
            jobs,
            counts,
            rounds: VecDeque::new(),
            planned: 0,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            match self.next().await {
                Next::Job(first) => self.first_round(first).await,
                Next::Again(round) => {
                    self.planned -= round.purges;
                    // Counted if it fails, and nobody waits for it.
                    let _ = self.tell(&round.purge, round.purges).await;
                }
                Next::End => return,
            }
        }
    }

    /// A second round that is due goes before what came later.
    async fn next(&mut self) -> Next {
        let Some(at) = self.rounds.front().map(|round| round.at) else {
            return self.jobs.recv().await.map_or(Next::End, Next::Job);
        };
        if at > Instant::now() {
            match timeout_at(at, self.jobs.recv()).await {
                Ok(Some(job)) => return Next::Job(job),
                // Nobody can add to the queue any more.
                Ok(None) => sleep_until(at).await,
                Err(_) => {}
            }
        }
        self.rounds.pop_front().map_or(Next::End, Next::Again)
    }

    async fn first_round(&mut self, first: Job) {
        // A purge of nothing is that of somebody who waits for those before it.
        let counts = |purge: &Purge| usize::from(!purge.is_empty());
        let mut purges = counts(&first.purge);
        let mut purge = first.purge;
        let mut waiting = vec![first.done];
        while purge.len() < self.limits.batch
            && let Ok(job) = self.jobs.try_recv()
        {
            purges += counts(&job.purge);
            purge = purge.union(job.purge);
            waiting.push(job.done);
        }
        let purge = Arc::new(purge);
        let told = match purges {
            0 => Ok(()),
            _ => self.tell(&purge, purges).await,
        };
        for done in waiting {
            // Whoever does not wait is gone.
            let _ = done.send(told);
        }
        if purges > 0 {
            self.plan_again(purge, purges);
        }
    }

    fn plan_again(&mut self, purge: Arc<Purge>, purges: usize) {
        let pause = self.limits.again_after;
        // A round behind the end of time never comes.
        let Some(at) = pause.and_then(|pause| Instant::now().checked_add(pause)) else {
            return;
        };
        if self.planned.saturating_add(purges) > self.limits.capacity {
            self.counts.count_dropped(purges);
            events::purge_dropped(&GivenUp::Full);
            return;
        }
        self.planned += purges;
        self.rounds.push_back(Round { at, purge, purges });
    }

    async fn tell(&self, purge: &Arc<Purge>, purges: usize) -> Result<(), GivenUp> {
        let mut pause = self.limits.first_pause;
        let mut attempts = 1;
        while let Err(error) = self.attempt(Arc::clone(purge)).await {
            if attempts == self.limits.attempts {
                self.counts.count_failed(purges);
                events::purge_failed(&*error, attempts);
                return Err(GivenUp::Failed);
            }
            attempts += 1;
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(self.limits.longest_pause);
        }
        Ok(())
    }

    /// In a task of its own, which may panic, and which is aborted when it
    /// takes too long.
    async fn attempt(&self, purge: Arc<Purge>) -> Result<(), BoxError> {
        let purger = Arc::clone(&self.purger);
        let mut told = tokio::spawn(async move { purger.purge(&purge).await.map_err(Into::into) });
        timeout(self.limits.timeout, &mut told)
            .await
            .inspect_err(|_| told.abort())??
    }
}
