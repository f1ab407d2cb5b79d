//! The points of a request at which the process stops.

use std::num::NonZeroUsize;
use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use clap::ValueEnum;
use nix::sys::signal::{Signal, raise};
use tokio::{runtime::Handle, sync::watch};
use tower_conditional::{
    idempotency::{Admission, Claim, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Point {
    BeforeClaim,
    AfterClaim,
    BeforeHandler,
    BeforeEffect,
    /// In transactional mode, before the commit.
    AfterEffect,
    AfterCommit,
    /// Before the store records, releases or seals.
    BeforeEnd,
    AfterEnd,
    BeforeHead,
    MidBody,
}

/// The way to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stop {
    /// The request waits until `SIGUSR1`, and the process goes on.
    Wait,
    /// The process stops by `SIGSTOP`.
    Pause,
}

/// The point at which requests stop until the process has proceeded from it.
#[derive(Clone)]
pub(crate) struct Points {
    stop_at: Option<Point>,
    stop: Stop,
    has_proceeded: Arc<watch::Sender<bool>>,
    runtime: Handle,
}

impl Points {
    pub(crate) fn new(stop_at: Option<Point>, stop: Stop, runtime: Handle) -> Self {
        Self {
            stop_at,
            stop,
            has_proceeded: Arc::new(watch::Sender::new(false)),
            runtime,
        }
    }

    /// Lets all requests go on.
    pub(crate) fn proceed(&self) {
        self.has_proceeded.send_replace(true);
    }

    pub(crate) fn stops_at(&self, point: Point) -> bool {
        self.stop_at == Some(point)
    }

    pub(crate) async fn reach(&self, point: Point) {
        if !self.stops_at(point) || *self.has_proceeded.borrow() {
            return;
        }
        println!("stopped");
        match self.stop {
            Stop::Wait => {
                let mut proceeded = self.has_proceeded.subscribe();
                let _ = proceeded.wait_for(|proceeded| *proceeded).await;
            }
            Stop::Pause => {
                self.proceed();
                raise(Signal::SIGSTOP).expect("a signal");
            }
        }
    }

    /// Like [`reach`](Self::reach), on the thread of a database.
    pub(crate) fn reach_blocking(&self, point: Point) {
        self.runtime.block_on(self.reach(point));
    }
}

/// A store with points around its steps.
pub(crate) struct Stopping<S> {
    pub(crate) store: S,
    pub(crate) points: Points,
}

impl<S> Stopping<S> {
    async fn end(
        &self,
        end: impl Future<Output = Result<Update, StoreError>>,
    ) -> Result<Update, StoreError> {
        self.points.reach(Point::BeforeEnd).await;
        let ended = end.await;
        self.points.reach(Point::AfterEnd).await;
        ended
    }
}

impl<S: IdempotencyStore> IdempotencyStore for Stopping<S> {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        self.points.reach(Point::BeforeClaim).await;
        let admission = self.store.begin(id, claim).await;
        if matches!(admission, Ok(Admission::Started { .. })) {
            self.points.reach(Point::AfterClaim).await;
        }
        admission
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        self.store.renew(step, lease).await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        self.end(self.store.complete(step, response)).await
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        self.end(self.store.release(step)).await
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        self.end(self.store.seal(step, reason)).await
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        self.store.inspect(id).await
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        self.store.resolve(id, fence, resolution).await
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        self.store.purge(batch).await
    }
}
